import { isDeepStrictEqual } from 'node:util';
import {
  DirectoryUser_State,
  ProvisioningSetup_State,
  type DirectoryUser,
  type ProvisioningSetup,
} from '@autoprov/proto';

const states: Record<DirectoryUser_State, string> = {
  [DirectoryUser_State.STATE_UNSPECIFIED]: 'unknown',
  [DirectoryUser_State.STATE_ACTIVE]: 'active',
  [DirectoryUser_State.STATE_SUSPENDED]: 'suspended',
  [DirectoryUser_State.STATE_ARCHIVED]: 'archived',
  [DirectoryUser_State.STATE_DELETED]: 'deleted',
  [DirectoryUser_State.UNRECOGNIZED]: 'unknown',
};

/** What about a person of the directory became another, in a sentence; undefined: nothing that matters. */
export function describeUserChange(before: DirectoryUser | undefined, after: DirectoryUser): string | undefined {
  if (!before) return `first seen: ${states[after.state]}, in ${after.orgUnitPath}${inGroups(after.groups)}`;
  const [joined, left] = [minus(after.groups, before.groups), minus(before.groups, after.groups)];
  const attributes = changedKeys(before.attributes ?? {}, after.attributes ?? {});
  const said = [
    ...(before.state === after.state ? [] : [`${states[before.state]} becomes ${states[after.state]}`]),
    ...(left.length > 0 ? [`leaves ${left.join(', ')}`] : []),
    ...(joined.length > 0 ? [`joins ${joined.join(', ')}`] : []),
    ...(before.orgUnitPath === after.orgUnitPath ? [] : [`moves from ${before.orgUnitPath} to ${after.orgUnitPath}`]),
    ...(attributes.length > 0 ? [`changed attributes: ${attributes.join(', ')}`] : []),
  ];
  return said.length > 0 ? said.join('; ') : undefined;
}

function inGroups(groups: readonly string[]): string {
  return groups.length > 0 ? `, member of ${groups.join(', ')}` : '';
}

function minus(all: readonly string[], others: readonly string[]): string[] {
  return all.filter((one) => !others.includes(one));
}

/** What every change of a setup changes. */
const marks = new Set(['etag', 'revision', 'updateTime', 'state']);

/** What about a setup became another, in a sentence; undefined: it was deleted. */
export function describeSetupChange(
  before: ProvisioningSetup | undefined,
  after: ProvisioningSetup | undefined,
): string {
  if (!after) return 'the setup was deleted';
  if (!before) return `the setup was created, ${activity(after)}`;
  const parts = changedKeys(before, after).filter((name) => !marks.has(name));
  const said = [
    ...(before.state === after.state ? [] : [`it is ${activity(after)} now`]),
    ...(parts.length > 0 ? [`changed: ${parts.map(inWords).join(', ')}`] : []),
  ];
  return said.length > 0 ? `the setup became another: ${said.join('; ')}` : 'the setup was saved again';
}

function activity({ state }: ProvisioningSetup): string {
  return state === ProvisioningSetup_State.STATE_ACTIVE ? 'active' : 'inactive';
}

/** attributeMapping as people write it: attribute mapping. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function changedKeys(before: object, after: object): string[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => !isDeepStrictEqual(old.get(key), now.get(key)));
}
