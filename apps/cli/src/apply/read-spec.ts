import { fromCanonicalJson, ProvisioningSetup, SetupDefaults } from '@autoprov/proto';
import type { z } from '@autoprov/service';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { checkSetup, checkSetupDefaults, type Mistake } from './check-setup.ts';
import { applyFile, type ApplySpec, type SetupSpec } from './spec.ts';

/** A file that cannot be applied; the message lists every mistake with its line. */
export class SpecError extends Error {
  override readonly name = 'SpecError';
}

type ParsedFile = z.output<typeof applyFile>;
type ParsedSetup = NonNullable<ParsedFile['customers'][number]['apps'][number]['setup']>;

/**
 * Reads what is to be applied. Strict: an unknown field is a mistake.
 *
 * @param file its name, for the message
 * @throws SpecError
 */
export function readSpec(text: string, file: string): ApplySpec {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    throw specError(
      file,
      document.errors.map(({ message, pos }) => `line ${lineAt(pos[0])}: ${message.split('\n')[0]}`),
    );
  }
  const parsed = applyFile.safeParse(document.toJS(), { reportInput: true });
  const mistakes = parsed.success ? checkSetups(parsed.data) : parsed.error.issues.flatMap(toMistakes);
  if (!parsed.success || mistakes.length > 0) {
    const toLine = ({ path, message }: Mistake) =>
      `line ${lineAt(offsetOf(document, path))}: ${formatPath(path)} ${message}`;
    throw specError(file, mistakes.map(toLine));
  }
  return readSetups(parsed.data);
}

function specError(file: string, mistakes: string[]): SpecError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new SpecError(`${file} has ${count}, nothing was applied:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
}

function toMistakes(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is unknown' }));
  if (issue.code === 'invalid_type' && issue.input === undefined) return [{ path, message: 'is missing' }];
  return [{ path, message: issue.message }];
}

function checkSetups({ customers }: ParsedFile): Mistake[] {
  return customers.flatMap(({ apps, setupDefaults }, i) => [
    ...(setupDefaults ? checkSetupDefaults(setupDefaults, ['customers', i, 'setupDefaults']) : []),
    ...apps.flatMap(({ setup }, j) =>
      setup ? checkSetup(withoutState(setup), ['customers', i, 'apps', j, 'setup']) : [],
    ),
  ]);
}

function readSetups({ customers }: ParsedFile): ApplySpec {
  return {
    customers: customers.map((customer) => ({
      ...customer,
      setupDefaults: customer.setupDefaults && readDefaults(customer.setupDefaults),
      apps: customer.apps.map((app) => ({ ...app, setup: app.setup && readSetup(app.setup) })),
    })),
  };
}

function readDefaults(defaults: Record<string, unknown>): SetupDefaults {
  const given = defaults as Parameters<typeof fromCanonicalJson>[2];
  return fromCanonicalJson('autoprov.config.v1.SetupDefaults', SetupDefaults, given);
}

function readSetup(setup: ParsedSetup): SetupSpec {
  const given = withoutState(setup) as Parameters<typeof fromCanonicalJson>[2];
  const wanted = fromCanonicalJson('autoprov.config.v1.ProvisioningSetup', ProvisioningSetup, given);
  return { wanted, fields: Object.keys(given), state: setup.state };
}

function withoutState(setup: ParsedSetup): Record<string, unknown> {
  const { state: _state, ...fields } = setup;
  return fields;
}

/** Where in the text a path stands, or the innermost part of it that is there. */
function offsetOf(document: Document, path: Mistake['path']): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === part) : undefined;
    const at: unknown = pair ? pair.key : isSeq(node) ? node.items[Number(part)] : undefined;
    if (!isNode(at)) break;
    offset = startOf(at) ?? offset;
    node = pair ? pair.value : at;
  }
  return offset;
}

function startOf(node: Node): number | undefined {
  return node.range?.[0];
}

/** `['customers', 0, 'id']` → `customers[0].id`. */
function formatPath(path: Mistake['path']): string {
  return (
    path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
      .join('')
      .replace(/^\./, '') || 'the file'
  );
}
