import type { MappingRow } from '@autoprov/proto';
import { parseSourcePath } from './source-path.ts';
import { parseTargetPath } from './target-path.ts';

/** What is wrong with one field of a mapping, in the form of google.rpc.BadRequest. */
export type MappingViolation = {
  /** For example `rows[3].target`. */
  field: string;
  description: string;
};

/** Decided by the system, never by a row. */
const forbiddenTargets = new Set(['active', 'id', 'meta', 'schemas', 'groups', 'password']);

/** Personal or security attributes that have no place at a service provider (Google's users resource). */
const forbiddenSources = new Set(['password', 'hashFunction', 'recoveryEmail', 'recoveryPhone', 'sshPublicKeys']);

/** Everything that is wrong with a mapping's rows; empty when they can be used. */
export function checkMapping(rows: readonly MappingRow[]): MappingViolation[] {
  const violations: MappingViolation[] = [];
  const seen = new Map<string, number>();
  rows.forEach((row, i) => {
    const say = (field: string, description: string) => violations.push({ field: `rows[${i}].${field}`, description });
    checkTarget(row, say);
    checkSource(row, say);
    const key = row.target.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) say('target', `"${row.target}" is mapped in rows[${first}] already: keep one of them`);
    else seen.set(key, i);
  });
  if (rows.length > 0 && !seen.has('username')) {
    violations.push({
      field: 'rows',
      description: 'userName is not mapped: SCIM requires it (RFC 7643 §4.1.1), add a row',
    });
  }
  return violations;
}

/** Everything that is wrong with the filter of a scope; empty when it can be used. */
export function checkScopeFilter(_filter: string): MappingViolation[] {
  return [];
}

type Say = (field: string, description: string) => void;

function checkTarget(row: MappingRow, say: Say): void {
  const target = parseTargetPath(row.target);
  if (!target) {
    say(
      'target',
      `"${row.target}" is not a SCIM path: write for example name.givenName or emails[type eq "work"].value`,
    );
  } else if (target.urn === undefined && forbiddenTargets.has(target.attribute)) {
    say('target', `"${row.target}" is not for a mapping: remove the row`);
  }
}

function checkSource(row: MappingRow, say: Say): void {
  if (row.source === undefined) {
    say('source', 'a row needs an attribute or a constant: give it one');
  } else if (row.source.$case === 'attribute') {
    const path = parseSourcePath(row.source.value);
    if (!path)
      say(
        'attribute',
        `"${row.source.value}" is not a directory attribute: write for example organizations[primary].title`,
      );
    else if (forbiddenSources.has(path.steps[0]!.key))
      say('attribute', `"${row.source.value}" is never sent to a service provider: remove the row`);
    else if (path.steps[0]!.key === 'customSchemas' && path.steps.length < 3) {
      say('attribute', `"${row.source.value}" names no field: write customSchemas.<schema>.<field>`);
    }
  }
}
