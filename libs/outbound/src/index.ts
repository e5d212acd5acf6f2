export { isAllowedHost } from './allowed-hosts.ts';
export { checkUrl } from './check-url.ts';
export { createOutboundAgent, ForbiddenAddressError } from './outbound-agent.ts';
export type { ResolveAll } from './outbound-agent.ts';
export { isPublicAddress } from './public-address.ts';
