/** A JSON value as it comes from Google or goes to a service provider. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** SCIM and Google both treat null, '' and [] as "no value" (RFC 7643 §2.5). */
export function isAbsent(value: Json | undefined): value is null | undefined | '' {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
