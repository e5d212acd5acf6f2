import { addGroup, addMember } from './changes.ts';
import { departments } from './departments.ts';
import type { Random } from './random.ts';
import type { DirectoryState } from './state.ts';

/**
 * Adds the groups of the example company: one for each department, `everyone-eng` with the two engineering groups
 * nested, `app-access` with all departments but the contractors nested, `everyone`, and project teams up to `count`.
 *
 * @returns the address of `app-access`
 */
export function addExampleGroups(state: DirectoryState, random: Random, count: number): string {
  const address = (name: string) => `${name}@${state.domain}`;
  const add = (name: string) =>
    addGroup(state, { email: address(name), name, id: `0${random.digits(2)}example${random.digits(5)}` });

  const groupOf = new Map<string, ReturnType<typeof add>>();
  for (const { name, group } of departments) groupOf.set(name, add(group));
  for (const user of state.users.values()) {
    groupOf.get(user.organizations?.[0]?.department ?? '')?.members.push({ type: 'USER', id: user.id });
  }
  for (const name of ['everyone-eng', 'app-access', 'everyone']) add(name);
  for (const nested of ['eng-platform', 'eng-product']) {
    addMember(state, { group: address('everyone-eng'), nested: address(nested) });
  }
  for (const nested of ['everyone-eng', 'everyone-sales', 'everyone-support', 'everyone-finance', 'everyone-people']) {
    addMember(state, { group: address('app-access'), nested: address(nested) });
  }
  addMember(state, { group: address('everyone'), everybody: true });

  const people = [...state.users.keys()];
  for (let team = state.groups.size; team < count; team++) {
    const members = new Set(Array.from({ length: 5 + random.integer(35) }, () => random.pick(people)));
    add(`project-${String(team + 1).padStart(3, '0')}`).members = [...members].map((id) => ({ type: 'USER', id }));
  }
  return address('app-access');
}
