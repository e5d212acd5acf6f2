export { catalogue, entryOf, fillIn, findEntry, actorOf, resolutionOf } from './catalogue.ts';
export type { Actor, CatalogueEntry, FailureScope, FinerReason, GrpcStatus } from './entry.ts';
export { notYetProvoked } from './not-yet-provoked.ts';
export { renderFailuresPage } from './render-page.ts';
export { delegationLink, directoryScopes } from './scopes.ts';
