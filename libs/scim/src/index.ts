export type { Answer, Classification, DecidedBy } from './answer.ts';
export { classify } from './classify.ts';
export { cutDetail } from './detail.ts';
export { diffUser, patchRequest } from './diff.ts';
export { digestOf } from './digest.ts';
export { parseErrorBody } from './error-body.ts';
export type { BodyKind, ScimError } from './error-body.ts';
export { filterEq, isAttributePath, matchesEq } from './filter.ts';
export type { Headers } from './headers.ts';
export { headerOf } from './headers.ts';
export { isObject, isUnassigned, member, parseJson, sameValue } from './json.ts';
export { listsIn, rebaseLists } from './list-operations.ts';
export { readId } from './resource-id.ts';
export { readList } from './list.ts';
export type { ScimList } from './list.ts';
export { parsePath } from './path.ts';
export type { AttributePath } from './path.ts';
export type { TemplatePattern } from './patterns.ts';
export { mergeForPut } from './put.ts';
export { readUserAttributes } from './read-schemas.ts';
export { codeOf, failureReasons, isFailureReason } from './reasons.ts';
export type { FailureCode, FailureReason } from './reasons.ts';
export type {
  EnterpriseUser,
  JsonObject,
  JsonValue,
  MultiValue,
  PatchOp,
  PatchOperation,
  ScimResource,
  ScimUser,
} from './resource.ts';
export { retryAfter } from './retry-after.ts';
export { rfcUserAttributes } from './rfc-attributes.ts';
export { classifyLine } from './sample.ts';
export type { AnswerSample } from './sample.ts';
export { schemaAttribute } from './schema-attribute.ts';
export type { AttributeType, SchemaAttribute } from './schema-attribute.ts';
export { showsState } from './shows-state.ts';
export { isServiceProviderConfig, isUserList, speaksScim } from './speaks-scim.ts';
export type { TransportPhase } from './transport.ts';
export * from './urns.ts';
