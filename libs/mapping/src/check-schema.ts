import {
  MappingRow_Apply,
  type MappingRow,
  type MatchingPolicy,
  type ScimProfile,
  type TargetAttribute,
  type TargetSchema,
} from '@autoprov/proto';
import { isUnassigned, type AttributePath, type JsonValue } from '@autoprov/scim';
import type { MappingViolation } from './check-mapping.ts';
import { directoryAttributes } from './directory-attributes.ts';
import { matchingRules } from './matching.ts';
import { parseSourcePath } from './source-path.ts';
import { parseTargetPath } from './target-path.ts';
import {
  indexSchema,
  isCommon,
  isSamePath,
  parentPath,
  requiredTargets,
  schemaPath,
  type AttributeIndex,
} from './target-schema.ts';
import { valueProblem } from './value-problem.ts';

/** What a service provider's schema and profile say of a mapping. */
export type SchemaFindings = {
  /** Rows that can't work there: to be refused. */
  violations: MappingViolation[];
  /** What works, but perhaps not as meant. */
  warnings: MappingViolation[];
};

type Check = SchemaFindings & {
  rows: readonly MappingRow[];
  index: AttributeIndex;
  /** The service provider said itself what it has; else it may have more. */
  discovered: boolean;
  profile: ScimProfile | undefined;
};

/**
 * Compares a mapping that `checkMapping` found right with what a service provider takes. What a value is like for one
 * person, `findRefusals` says.
 *
 * @param schema the service provider's attributes; undefined when unknown
 * @param profile what the template says of it
 */
export function checkAgainstSchema(
  rows: readonly MappingRow[],
  schema: TargetSchema | undefined,
  profile: ScimProfile | undefined,
): SchemaFindings {
  const index = indexSchema(schema);
  const check: Check = { rows, index, discovered: schema?.discovered ?? false, profile, violations: [], warnings: [] };
  rows.forEach((row, i) => {
    const target = parseTargetPath(row.target);
    if (target) checkRow(check, row, i, target);
  });
  checkRequired(check);
  if (profile?.singleValued) checkSingleValues(check);
  return { violations: check.violations, warnings: check.warnings };
}

/** Compares what a matching policy filters by with what a service provider has; its rules are known to be well formed. */
export function checkMatchingAgainstSchema(
  policy: MatchingPolicy | undefined,
  schema: TargetSchema | undefined,
): SchemaFindings {
  const index = indexSchema(schema);
  const unknown = matchingRules(policy).flatMap(({ attribute }, i) => {
    const path = parseTargetPath(attribute);
    if (!path || index.size === 0 || isCommon(path) || index.has(schemaPath(path).toLowerCase())) return [];
    const field = policy?.rules.length ? `rules[${i}].attribute` : `attributes[${i}]`;
    const description = `"${attribute}" is not an attribute of the service provider's users: compare one that it has`;
    return [{ field, description }];
  });
  return schema?.discovered ? { violations: unknown, warnings: [] } : { violations: [], warnings: unknown };
}

function checkRow(check: Check, row: MappingRow, i: number, target: AttributePath): void {
  const { index, discovered, violations, warnings } = check;
  const field = `rows[${i}].target`;
  const attribute = index.get(schemaPath(target).toLowerCase());
  if (attribute) {
    checkMutability(check, row, i, attribute);
    checkType(check, row, i, target, attribute);
  } else if (index.size > 0 && !isCommon(target) && !isPartOfUnknown(check, target)) {
    const description = `"${row.target}" is not an attribute of the service provider's users: choose one that it has`;
    (discovered ? violations : warnings).push({ field, description });
  }
  const immutable = check.profile?.immutableAttributes.some((path) => isSamePath(path, row.target));
  if (immutable) checkImmutable(check, row, i);
}

/** A service provider may name an attribute without its parts. */
function isPartOfUnknown({ index }: Check, target: AttributePath): boolean {
  const parent = parentPath(target).toLowerCase();
  return (
    target.subAttribute !== undefined &&
    index.has(parent) &&
    ![...index.keys()].some((key) => key.startsWith(`${parent}.`))
  );
}

function checkMutability(check: Check, row: MappingRow, i: number, { mutability }: TargetAttribute): void {
  if (mutability === 'readOnly') {
    const description = `"${row.target}" can only be read at the service provider: remove the row`;
    check.violations.push({ field: `rows[${i}].target`, description });
  }
  if (mutability === 'immutable') checkImmutable(check, row, i);
}

function checkImmutable({ violations }: Check, row: MappingRow, i: number): void {
  const field = `rows[${i}].apply`;
  if (row.apply === MappingRow_Apply.APPLY_ON_CREATE || violations.some((violation) => violation.field === field))
    return;
  const description = `"${row.target}" cannot be changed at the service provider: set the row to APPLY_ON_CREATE`;
  violations.push({ field, description });
}

function checkType(check: Check, row: MappingRow, i: number, target: AttributePath, attribute: TargetAttribute): void {
  const { index, profile, violations, warnings } = check;
  const say = (part: string, description: string) => violations.push({ field: `rows[${i}].${part}`, description });
  const parent = index.get(parentPath(target).toLowerCase());
  if (target.type !== undefined && parent && !parent.multiValued) {
    say('target', `"${row.target}" has a filter, but the attribute has one value only: leave out the filter`);
  }
  const types = index.get(`${parentPath(target)}.type`.toLowerCase())?.canonicalValues ?? [];
  if (target.type !== undefined && types.length > 0 && !types.includes(target.type)) {
    const description = `the service provider knows the types ${types.join(', ')}, and perhaps not "${target.type}"`;
    warnings.push({ field: `rows[${i}].target`, description });
  }
  const takesList = attribute.multiValued || (parent?.multiValued ?? false);
  const values: [string, unknown][] = [
    ['default_value', row.defaultValue],
    ['constant', row.source?.$case === 'constant' ? row.source.value : undefined],
  ];
  for (const [part, value] of values) {
    if (value === undefined || value === null) continue;
    const items = Array.isArray(value) && takesList ? (value as JsonValue[]) : [value as JsonValue];
    const problem = items.map((item) => valueProblem(row.target, item, attribute, profile)).find(Boolean);
    if (problem) say(part, problem);
  }
  const wrong = row.source?.$case === 'attribute' && sourceProblem(row.source.value, attribute, takesList);
  if (wrong) say('attribute', `${wrong}: use an expression`);
}

/** What is wrong with a directory attribute as the source of an attribute, as far as its type is known. */
function sourceProblem(source: string, { type, path }: TargetAttribute, takesList: boolean): string | undefined {
  const steps = parseSourcePath(source)?.steps ?? [];
  const [first] = steps;
  if (!first || first.key === 'customSchemas') return undefined;
  const held = steps.length > 1 || first.pick ? undefined : directoryAttributes[first.key];
  if (held === 'objects' || (held === 'texts' && !takesList))
    return `"${source}" is a list, which ${path} does not take`;
  if (held === 'object') return `"${source}" has several parts, which ${path} does not take`;
  if (held === 'flag' && type !== 'boolean') return `"${source}" is true or false, but ${path} is of type ${type}`;
  if (held === 'text' && ['boolean', 'integer', 'decimal', 'complex'].includes(type)) {
    return `"${source}" is a text, but ${path} is of type ${type}`;
  }
  return undefined;
}

function checkRequired({ rows, index, profile, violations, warnings }: Check): void {
  for (const { path, withParent } of requiredTargets(index, profile)) {
    const target = parseTargetPath(path);
    const parent = target && parentPath(target);
    const i = rows.findIndex(
      (row) => isSamePath(path, row.target) || row.target.toLowerCase() === parent?.toLowerCase(),
    );
    const parentIsMapped = rows.some((row) => {
      const other = parseTargetPath(row.target);
      return other && parentPath(other).toLowerCase() === parent?.toLowerCase();
    });
    const row = rows[i];
    if (!row && (!withParent || parentIsMapped)) {
      const description = `${path} is not mapped, but the service provider requires it: add a row`;
      violations.push({ field: 'rows', description });
    } else if (
      row &&
      !row.required &&
      !withParent &&
      row.source?.$case !== 'constant' &&
      isUnassigned(row.defaultValue as JsonValue)
    ) {
      const description = `the service provider requires "${row.target}": set required, or give a default`;
      warnings.push({ field: `rows[${i}].required`, description });
    }
  }
}

/** Two types of one attribute are two values. */
function checkSingleValues({ rows, violations }: Check): void {
  const typeOf = new Map<string, { i: number; type: string | undefined }>();
  rows.forEach((row, i) => {
    const target = parseTargetPath(row.target);
    if (!target) return;
    const key = parentPath(target).toLowerCase();
    const first = typeOf.get(key);
    if (!first) typeOf.set(key, { i, type: target.type });
    else if (first.type !== target.type) {
      const description = `the service provider takes one value of ${parentPath(target)}, which rows[${first.i}] maps: remove the row`;
      violations.push({ field: `rows[${i}].target`, description });
    }
    if (
      target.type !== undefined &&
      row.source?.$case === 'attribute' &&
      /^(aliases|nonEditableAliases)$/.test(row.source.value)
    ) {
      const description = `the service provider takes one value of ${parentPath(target)}, but "${row.source.value}" is a list: remove the row`;
      violations.push({ field: `rows[${i}].attribute`, description });
    }
  });
}
