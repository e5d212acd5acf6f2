import { parseErrorBody } from './error-body.ts';
import { headerOf, type Headers } from './headers.ts';
import { isObject, member } from './json.ts';
import { readList } from './list.ts';
import type { JsonValue } from './resource.ts';

/** Whether an answer, a refusal, too, shows by its type or body that SCIM is spoken there (RFC 7644 §3.1 and §3.12). */
export function speaksScim(headers: Headers | undefined, body: string): boolean {
  const contentType = headerOf(headers, 'content-type') ?? '';
  const { kind, json, isScimError } = parseErrorBody(body, contentType);
  if (kind === 'markup') return false;
  return /\bscim\+json\b/i.test(contentType) || isScimError || namesSchema(json);
}

/** Whether the answer to a list is one of users: an array of anything else is somebody's, but not SCIM's. */
export function isUserList(body: JsonValue | undefined): boolean {
  const list = readList(body);
  if (list === undefined) return false;
  return isObject(body) || list.resources.some((it) => member(it, 'userName') !== undefined || namesSchema(it));
}

/** Whether a body is a ServiceProviderConfig (RFC 7643 §5), by its schema or, for want of one, by what it tells. */
export function isServiceProviderConfig(body: JsonValue | undefined): boolean {
  if (!isObject(body)) return false;
  if (member(body, 'detail') !== undefined || member(body, 'error') !== undefined) return false;
  return ['patch', 'bulk', 'filter', 'authenticationSchemes'].some((name) => {
    const value = member(body, name);
    return isObject(value) || Array.isArray(value);
  });
}

function namesSchema(body: JsonValue | undefined): boolean {
  if (!isObject(body)) return false;
  const schemas = [member(body, 'schemas')].flat();
  return schemas.some((urn) => typeof urn === 'string' && /^urn:(?:ietf:params:)?scim:/i.test(urn));
}
