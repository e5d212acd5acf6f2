import type { JsonObject } from './resource.ts';

/** A parsed attribute path (RFC 7644 §3.5.2, figure 7), as far as this project uses it. */
export interface AttributePath {
  /** The extension's URN, when the attribute belongs to one. */
  urn?: string;
  attribute: string;
  /** The `type` of the one value that is meant, as in `emails[type eq "work"]`. */
  type?: string;
  subAttribute?: string;
}

const pathShape =
  /^(?:(?<urn>urn:[\w.:-]+):)?(?<attribute>[A-Za-z$][\w$-]*)(?:\[type eq "(?<type>[\w .-]+)"\])?(?:\.(?<subAttribute>[\w$-]+))?$/i;

/**
 * Parses `userName`, `name.givenName`, `emails[type eq "work"].value` and `urn:…:User:department`. A path that
 * is itself the URN of an extension in `known` means the whole extension. Throws an Error that shows the forms
 * for anything else.
 */
export function parsePath(path: string, known: JsonObject = {}): AttributePath {
  const folded = path.toLowerCase();
  const whole = Object.keys(known).find((key) => key.toLowerCase() === folded);
  if (whole !== undefined) return { attribute: whole };
  const groups = pathShape.exec(path)?.groups;
  if (groups?.['attribute'] === undefined) {
    throw new Error(
      `"${path}" is not an attribute path: write it like userName, name.givenName, emails[type eq "work"].value or ${'urn:…:User'}:department`,
    );
  }
  return {
    attribute: groups['attribute'],
    ...(groups['urn'] === undefined ? {} : { urn: groups['urn'] }),
    ...(groups['type'] === undefined ? {} : { type: groups['type'] }),
    ...(groups['subAttribute'] === undefined ? {} : { subAttribute: groups['subAttribute'] }),
  };
}
