import type { enterpriseUserUrn, patchOpUrn } from './urns.ts';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object whose members may be absent. */
export interface JsonObject {
  [member: string]: JsonValue | undefined;
}

/** One value of a multi-valued attribute (RFC 7643 §2.4). */
export interface MultiValue extends JsonObject {
  value?: string;
  type?: string;
  display?: string;
  primary?: boolean;
}

/** The enterprise extension (RFC 7643 §4.3). */
export interface EnterpriseUser extends JsonObject {
  employeeNumber?: string;
  costCenter?: string;
  organization?: string;
  division?: string;
  department?: string;
  manager?: { value?: string; displayName?: string };
}

/**
 * A SCIM resource as plain JSON. Extension attributes live under a key that is the extension's URN
 * (RFC 7643 §3.3); unknown attributes are allowed everywhere.
 */
export interface ScimResource extends JsonObject {
  schemas?: string[];
  id?: string;
  externalId?: string;
}

/** A SCIM user (RFC 7643 §4.1) with the enterprise extension. */
export interface ScimUser extends ScimResource {
  userName?: string;
  name?: { formatted?: string; givenName?: string; familyName?: string; middleName?: string };
  displayName?: string;
  title?: string;
  active?: boolean;
  emails?: MultiValue[];
  phoneNumbers?: MultiValue[];
  [enterpriseUserUrn]?: EnterpriseUser;
}

/** One operation of a PATCH request (RFC 7644 §3.5.2), always with a path. `remove` carries no value. */
export type PatchOperation = { op: 'add' | 'replace'; path: string; value: JsonValue } | { op: 'remove'; path: string };

/** The body of a PATCH request (RFC 7644 §3.5.2). */
export interface PatchOp {
  schemas: [typeof patchOpUrn];
  Operations: PatchOperation[];
}
