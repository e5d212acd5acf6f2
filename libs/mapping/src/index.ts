export { checkMapping, checkScopeFilter, type MappingViolation } from './check-mapping.ts';
export { checkAgainstSchema, type SchemaFindings } from './check-schema.ts';
export { directoryAttributes, type DirectoryType } from './directory-attributes.ts';
export { findRefusals, type Refusal } from './find-refusals.ts';
export { managedPart, mapUser, referencesOf, schemasOf, type FailedRow, type MappedUser } from './map-user.ts';
export { previewUser, type Preview } from './preview-user.ts';
export { runMappingTests, type MappingTestFailure } from './run-mapping-tests.ts';
export { isInScope, type ScopeVerdict } from './scope.ts';
export { parseTargetPath, readPath } from './target-path.ts';
