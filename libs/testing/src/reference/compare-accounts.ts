import { enterpriseUrn } from '../service-providers/list-accounts.ts';
import type { ScimAccount } from '../service-providers/list-accounts.ts';
import type { DemandedAccount, DemandedAttributes } from './demanded-accounts.ts';

/** What a service provider has and should not, or lacks. */
export type Comparison = {
  /** One sentence each; empty: all is as demanded. */
  differences: string[];
  /** Accounts that belong to nobody in the directory: not ours, not judged. */
  unmanaged: ScimAccount[];
};

/**
 * Compares what a service provider shows with what it must contain. A manager is judged only where the service provider
 * shows one: it must then be the manager's own account.
 */
export function compareAccounts(actual: ScimAccount[], demanded: DemandedAccount[]): Comparison {
  const byExternalId = Map.groupBy(actual, ({ externalId }) => externalId ?? '');
  const known = new Set(demanded.map(({ externalId }) => externalId));
  return {
    differences: [
      ...demanded.flatMap((account) => compareOne(byExternalId, account)),
      ...findTwins(
        actual.filter(({ externalId }) => known.has(externalId ?? '')),
        actual,
      ),
    ],
    unmanaged: actual.filter(({ externalId }) => !known.has(externalId ?? '')),
  };
}

function compareOne(byExternalId: Map<string, ScimAccount[]>, demanded: DemandedAccount): string[] {
  const { externalId, must, primaryEmail } = demanded;
  const who = `${primaryEmail} (${externalId})`;
  const [found, second] = byExternalId.get(externalId) ?? [];
  if (must === 'any') return [];
  if (second) return [`${who} has ${byExternalId.get(externalId)?.length} accounts`];
  if (!found) return must === 'active' || must === 'suspended' ? [`${who} has no account`] : [];
  if (must === 'absent') return [`${who} has an account and must have none`];
  const isActive = found.active !== false;
  if (must !== 'active') return isActive ? [`${who} is active and must not be`] : [];
  return [
    ...(isActive ? [] : [`${who} is suspended and must be active`]),
    ...compareAttributes(found, demanded.attributes).map((difference) => `${who}: ${difference}`),
    ...compareManager(byExternalId, found, demanded).map((difference) => `${who}: ${difference}`),
  ];
}

function compareAttributes(account: ScimAccount, demanded: DemandedAttributes): string[] {
  const actual = flatten(account);
  return (Object.keys(actual) as (keyof DemandedAttributes)[])
    .filter((name) => (actual[name] ?? '') !== (demanded[name] ?? ''))
    .map((name) => `${name} is ${JSON.stringify(actual[name])} and must be ${JSON.stringify(demanded[name])}`);
}

function flatten(account: ScimAccount): Record<keyof DemandedAttributes, string | undefined> {
  const { emails = [], phoneNumbers = [], name } = account;
  const enterprise = account[enterpriseUrn];
  const primaries = emails.filter(({ primary }) => primary);
  return {
    userName: account.userName,
    workEmail: primaries.length === 1 && primaries[0]?.type === 'work' ? primaries[0].value : undefined,
    givenName: name?.givenName,
    familyName: name?.familyName,
    formatted: name?.formatted,
    displayName: account.displayName,
    title: account.title,
    department: enterprise?.department,
    costCenter: enterprise?.costCenter,
    organization: enterprise?.organization,
    employeeNumber: enterprise?.employeeNumber,
    workPhone: phoneNumbers.find(({ type }) => type === 'work')?.value,
    preferredLanguage: account.preferredLanguage,
  };
}

function compareManager(
  byExternalId: Map<string, ScimAccount[]>,
  account: ScimAccount,
  { managerId }: DemandedAccount,
): string[] {
  const shown = account[enterpriseUrn]?.manager?.value;
  if (shown === undefined) return [];
  const right = managerId === undefined ? undefined : byExternalId.get(managerId)?.[0]?.id;
  return shown === right ? [] : [`manager is ${shown} and must be ${right ?? 'nobody'}`];
}

/** Accounts of ours that share a userName with another account, whoever's. */
function findTwins(ours: ScimAccount[], all: ScimAccount[]): string[] {
  const byUserName = Map.groupBy(all, ({ userName }) => userName.toLowerCase());
  const names = new Set(ours.map(({ userName }) => userName.toLowerCase()));
  return [...names]
    .map((name) => byUserName.get(name) ?? [])
    .filter(({ length }) => length > 1)
    .map((twins) => `${twins[0]?.userName} is the userName of ${twins.length} accounts`);
}
