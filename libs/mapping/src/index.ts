export { checkMapping, type MappingViolation } from './check-mapping.ts';
export { managedPart, mapUser, referencesOf, schemasOf, type MappedUser } from './map-user.ts';
export { isInScope, type ScopeVerdict } from './scope.ts';
export { readPath } from './target-path.ts';
export { parseTargetPath } from './target-path.ts';
