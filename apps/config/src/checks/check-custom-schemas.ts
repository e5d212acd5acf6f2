import { status, type CallContext } from '@autoprov/grpc';
import { matchingExpressions, schemasOf } from '@autoprov/mapping';
import type { CustomSchema, MappingRow } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { Violation } from '../domain/check-setup.ts';
import type { Finding } from '../domain/finding.ts';
import { ask, unanswered } from './ask.ts';
import type { Subject } from './subject.ts';

/** No delegation yet: it can't be known which custom schemas there are. */
const DELEGATION_MISSING = '17003';

/** Whether the custom schemas that mapping, filter and matching name exist; a finding when they could not be read. */
export async function checkCustomSchemas(
  ctx: ConfigContext,
  call: CallContext,
  { app, setup }: Subject,
): Promise<{ violations: Violation[]; finding?: Finding }> {
  const rows = setup.attributeMapping?.rows ?? [];
  const filter = setup.scope?.filter ?? '';
  const rules = setup.matching?.rules ?? [];
  if (schemasOf(rows, filter, ...matchingExpressions(setup.matching)).length === 0) return { violations: [] };
  const parent = `customers/${app.customerId}`;
  const { answer, failure } = await ask(call, (options) => ctx.directory.listCustomSchemas({ parent }, options));
  if (answer) {
    const { schemas } = answer;
    const inRows = rows.flatMap((row, i) => findMissing(row, i, schemas));
    const inRules = rules.flatMap(({ expression }, i) =>
      missingSchemas(`setup.matching.rules[${i}].expression`, schemasOf([], expression), schemas),
    );
    const inFilter = missingSchemas('setup.scope.filter', schemasOf([], filter), schemas);
    return { violations: [...inRows, ...inFilter, ...inRules] };
  }
  const finding = unanswered('mapping', 'directory-reader', failure);
  const { reason } = failure;
  if (reason !== 'FETCH_CUSTOM_ATTRIBUTES_FAILED' || finding.code === DELEGATION_MISSING)
    return { violations: [], finding };
  return {
    violations: [],
    finding: { ...finding, refusal: { reason, retryable: failure.code === status.UNAVAILABLE } },
  };
}

function findMissing(row: MappingRow, i: number, schemas: readonly CustomSchema[]): Violation[] {
  const field = `setup.attribute_mapping.rows[${i}].${row.source?.$case ?? 'source'}`;
  const missing = missingSchemas(field, schemasOf([row]), schemas);
  if (missing.length > 0) return missing;
  const [, schemaName, fieldName] = /^customSchemas\.([^.[\]]+)\.([^.[\]]+)/.exec(attributeOf(row)) ?? [];
  const schema = schemas.find((one) => one.schemaName === schemaName);
  if (!schema || schema.fields.some((one) => one.fieldName === fieldName)) return [];
  const description = `names the field ${fieldName}, which the custom schema ${schemaName} does not have: use ${schema.fields.map((one) => one.fieldName).join(', ')}`;
  return [{ field, description }];
}

function missingSchemas(field: string, names: readonly string[], schemas: readonly CustomSchema[]): Violation[] {
  const missing = names.filter((name) => !schemas.some(({ schemaName }) => schemaName === name));
  if (missing.length === 0) return [];
  const description = `names the custom schema ${missing.join(', ')}, which the directory does not have: correct the name, or make it there first`;
  return [{ field, description }];
}

function attributeOf({ source }: MappingRow): string {
  return source?.$case === 'attribute' ? source.value : '';
}
