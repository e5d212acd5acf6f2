export { checkUrl } from './check-url.ts';
export { createOutboundAgent, ForbiddenAddressError, isPublicAddress } from './outbound-agent.ts';
