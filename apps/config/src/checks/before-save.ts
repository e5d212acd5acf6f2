import { isDeepStrictEqual } from 'node:util';
import type { CallContext } from '@autoprov/grpc';
import { ScimProfile, type ProvisioningSetup, type SetupCheck, type Template } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import type { AppKey } from '../domain/app-key.ts';
import { presentSaved, type Finding } from '../domain/finding.ts';
import { judgeDeprovisioning } from '../domain/judge-deprovisioning.ts';
import { judgeMapping, judgeMappingTests, wrongMapping } from '../domain/judge-mapping.ts';
import { newSetup } from '../domain/setup.ts';
import { appName } from '../rpc/present.ts';
import { templateOf } from '../rpc/template-of.ts';
import { parseSetupName } from '../rpc/violations.ts';
import { findApp } from '../store/apps.ts';
import { findCustomer } from '../store/customers.ts';
import { findSetup } from '../store/setups.ts';
import { checkCustomSchemas } from './check-custom-schemas.ts';
import { checkEndpoint } from './check-endpoint.ts';
import { checkGroups } from './check-groups.ts';
import { worse } from './check-whole-setup.ts';
import { readTargetSchema } from './read-target-schema.ts';
import { refuseFindings } from './refuse-findings.ts';
import type { Subject } from './subject.ts';

/**
 * Asks outside about a new setup, before the transaction that stores it. Throws what refuses it.
 *
 * @param wanted as an admin wrote it, right in itself
 * @returns undefined: nothing was asked, since there is a setup or no app; the transaction says so
 */
export async function checkNewSetup(
  ctx: ConfigContext,
  call: CallContext,
  key: AppKey,
  wanted: ProvisioningSetup,
): Promise<SetupCheck[] | undefined> {
  const app = await findApp(ctx.pool, key);
  if (!app || (await findSetup(ctx.pool, key))) return undefined;
  const template = templateOf(ctx, app);
  const defaults = (await findCustomer(ctx.pool, app.customerId))?.setupDefaults;
  const setup = newSetup(`${appName(app)}/setup`, wanted, { template, defaults, now: ctx.now() });
  const subject = { app, setup, defaults, template, scim: template.scim ?? ScimProfile.fromPartial({}) };
  const ownMapping = (wanted.attributeMapping?.rows.length ?? 0) > 0;
  return checkSave(ctx, call, { subject, ownMapping });
}

/** A change of a setup. */
type SetupChange = {
  name: string;
  etag: string;
  /** The setup as it would be stored. */
  change: (current: ProvisioningSetup, template: Template) => ProvisioningSetup;
  /** How the request names a field of the setup. */
  fieldOf: (field: string) => string;
};

/**
 * Asks outside about what a change of a setup changes, before the transaction that stores it. Throws what refuses it.
 * Nothing is asked for an etag that is not the current one: the transaction refuses that, or knows the request already.
 */
export async function checkChangedSetup(
  ctx: ConfigContext,
  call: CallContext,
  { name, etag, change, fieldOf }: SetupChange,
): Promise<SetupCheck[]> {
  const key = parseSetupName(name)!;
  const [app, stored] = await Promise.all([findApp(ctx.pool, key), findSetup(ctx.pool, key)]);
  if (!app || !stored || stored.setup.etag !== etag) return [];
  const { setup: before, ...rest } = stored;
  const template = templateOf(ctx, app);
  const subject = { ...rest, app, template, setup: change(before, template) };
  return checkSave(ctx, call, { subject, before, ownMapping: true, fieldOf });
}

/** What is saved that was not before. */
type Change = {
  endpoint: boolean;
  mapping: boolean;
  filter: boolean;
  tests: boolean;
  groups: boolean;
  pushedGroups: boolean;
  deprovisioning: boolean;
};

function changeOf(before: ProvisioningSetup | undefined, after: ProvisioningSetup): Change {
  const differs = (read: (setup: ProvisioningSetup) => unknown) =>
    !before || !isDeepStrictEqual(read(before), read(after));
  const mapping = differs(({ attributeMapping }) => attributeMapping?.rows);
  const filter = differs(({ scope }) => scope?.filter ?? '');
  const pushedGroups = differs((setup) => setup.pushedGroups);
  return {
    endpoint: differs(({ endpointUrl }) => endpointUrl),
    mapping,
    filter,
    tests: mapping || filter || differs(({ mappingTests }) => mappingTests),
    groups: differs(({ scope }) => scope?.groups ?? []) || pushedGroups,
    pushedGroups,
    deprovisioning: differs(({ deprovisioning }) => deprovisioning),
  };
}

type Save = {
  subject: Subject;
  before?: ProvisioningSetup;
  /** The mapping is the admin's, and not the template's. */
  ownMapping: boolean;
  fieldOf?: (field: string) => string;
};

async function checkSave(
  ctx: ConfigContext,
  call: CallContext,
  { subject, before, ownMapping, fieldOf }: Save,
): Promise<SetupCheck[]> {
  const { setup } = subject;
  const change = changeOf(before, setup);
  const [probed, mapping, groups] = await Promise.all([
    change.endpoint || change.mapping || change.pushedGroups ? checkEndpoint(ctx, call, subject) : [],
    change.mapping ? checkMappingOf(ctx, call, subject) : change.filter ? checkFilterOf(ctx, call, subject) : [],
    change.groups ? checkGroups(ctx, call, subject) : [],
  ]);
  const [groupType, endpoint] = [probed.filter(isOfGroups), probed.filter((finding) => !isOfGroups(finding))];
  const answers = endpoint.every(({ verdict }) => verdict === 'passed');
  const findings = [
    ...(change.endpoint ? endpoint : endpoint.map(savedAnyway)),
    ...(change.endpoint || change.pushedGroups ? groupType : groupType.map(savedAnyway)),
    ...groups,
    // A service provider that does not answer, or that we can't ask yet, says nothing of a mapping. Nor does an admin
    // answer for the mapping of a template.
    ...mapping.map((finding) => (ownMapping && (answers || finding.id === 'mapping') ? finding : savedAnyway(finding))),
    ...(change.tests ? judgeMappingTests(setup) : []),
    ...(change.deprovisioning ? [judgeDeprovisioning(subject)] : []),
  ];
  refuseFindings(findings, fieldOf);
  return findings.map(presentSaved);
}

async function checkMappingOf(ctx: ConfigContext, call: CallContext, subject: Subject): Promise<Finding[]> {
  const [target, customSchemas] = await Promise.all([
    readTargetSchema(ctx, call, subject),
    checkCustomSchemas(ctx, call, subject),
  ]);
  const mapping = judgeMapping(subject.setup, target.schema, subject.scim, customSchemas.violations);
  return [target.finding, worse(mapping, customSchemas.finding)];
}

/** Of the custom schemas just those of the filter: the mapping is what it was. */
async function checkFilterOf(ctx: ConfigContext, call: CallContext, subject: Subject): Promise<Finding[]> {
  const setup = { ...subject.setup, attributeMapping: undefined };
  const { violations, finding } = await checkCustomSchemas(ctx, call, { ...subject, setup });
  return finding ? [finding] : violations.length > 0 ? [wrongMapping(violations)] : [];
}

function isOfGroups({ id }: Finding): boolean {
  return id === 'pushed_groups';
}

function savedAnyway(finding: Finding): Finding {
  const { refusal: _, ...kept } = finding;
  return kept;
}
