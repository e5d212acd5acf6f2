import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { planCustomer, type CurrentCustomer, type Step } from '../apply/plan.ts';
import { readCurrent, readEtags } from '../apply/read-current.ts';
import { readSpec } from '../apply/read-spec.ts';
import { runStep, type StepContext } from '../apply/run-plan.ts';
import { createSecretReader } from '../apply/secrets.ts';
import { applyFileSchema, type CustomerSpec } from '../apply/spec.ts';
import { UsageError, type Io } from '../io.ts';
import { withServices, type Services } from '../network.ts';
import { formatJson } from '../output.ts';

type ApplyOptions = { validateOnly?: boolean; replaceSecrets?: boolean; schema?: boolean; json?: boolean };

/** What became of one step. */
type Applied = { name: string; change: string; note: string };

export function addApply(program: Command, io: Io): void {
  program
    .command('apply')
    .argument('[file]', 'a YAML file: customers, their delegation, apps, credentials and setups')
    .description('make customers, apps and setups as a file says')
    .option('--validate-only', 'check everything, change nothing')
    .option('--replace-secrets', 'store keys and credentials again that are stored already')
    .option('--schema', 'print the JSON Schema of the file')
    .option('--json', 'one JSON array')
    .action(async (file: string | undefined, options: ApplyOptions) => {
      if (options.schema) return io.out(formatJson(applyFileSchema()));
      if (file === undefined) throw new UsageError('say which file: autoprov apply FILE.yaml');
      return withServices(io, (services) => apply(io, services, file, options));
    });
}

async function apply(io: Io, services: Services, file: string, options: ApplyOptions): Promise<void> {
  const { validateOnly = false, replaceSecrets = false, json = false } = options;
  const path = resolve(io.cwd, file);
  const spec = readSpec(await readText(path, file), file);
  const secrets = createSecretReader(dirname(path), io.env);
  const context: StepContext = { services, secrets, validateOnly };
  const plans = await Promise.all(
    spec.customers.map(async (customer) => {
      const owner = customer.delegation && (await secrets.readKeyOwner(customer.delegation));
      const current = await readCurrent(services, customer);
      return { customer, current, steps: planCustomer(customer, current, { owner, replaceSecrets }) };
    }),
  );
  const all: Applied[] = [];
  for (const plan of plans) {
    for await (const applied of runSteps(context, plan)) {
      all.push(applied);
      if (!json) io.out(formatApplied(applied));
    }
  }
  if (json) io.out(formatJson(all));
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read: name a YAML file that exists`);
  }
}

type CustomerPlan = { customer: CustomerSpec; current: CurrentCustomer; steps: Step[] };

async function* runSteps(context: StepContext, { current, steps }: CustomerPlan): AsyncGenerator<Applied> {
  const known = [current.customer, ...[...current.apps.values()].flatMap(({ app, setup }) => [app, setup])];
  const etags = new Map(known.flatMap((resource) => (resource ? [[resource.name, resource.etag]] : [])));
  const created: string[] = [];
  for (const step of steps) {
    // Where what it belongs to is only going to be created, no service can check it yet.
    const uncheckable = context.validateOnly && created.some((name) => `${step.name}/`.startsWith(`${name}/`));
    const before = etags.get(step.name) ?? '';
    const after = uncheckable ? before : await runStep(context, step, before);
    etags.set(step.name, after);
    // New defaults are new revisions of setups.
    if (step.change === 'updated' && step.call === 'updateCustomer' && !context.validateOnly) {
      for (const [name, etag] of await readEtags(context.services, current)) etags.set(name, etag);
    }
    // The service decides what is a change: it may hold what the file says in other words.
    const same = step.change === 'updated' && step.call === 'updateSetup' && !context.validateOnly && after === before;
    if (step.change === 'created') created.push(step.name);
    yield same
      ? { name: step.name, change: 'unchanged', note: '' }
      : describeStep(step, { validateOnly: context.validateOnly, uncheckable });
  }
}

function describeStep(
  step: Step,
  { validateOnly, uncheckable }: { validateOnly: boolean; uncheckable: boolean },
): Applied {
  const { name, change } = step;
  if (step.change === 'unchanged') return { name, change, note: step.note ?? '' };
  const fields = step.change === 'updated' ? step.fields.join(', ') : '';
  return {
    name,
    change: validateOnly ? `would be ${change}` : change,
    note: uncheckable ? 'checked here only: what it belongs to does not exist yet' : fields,
  };
}

function formatApplied({ name, change, note }: Applied): string {
  return `${name} ${change}${note ? ` (${note})` : ''}`;
}
