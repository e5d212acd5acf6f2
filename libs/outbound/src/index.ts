export { checkUrl, isAllowedHost } from './check-url.ts';
export { createOutboundAgent, ForbiddenAddressError, isPublicAddress } from './outbound-agent.ts';
