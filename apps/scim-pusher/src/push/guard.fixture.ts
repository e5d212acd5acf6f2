import { HeldAction_State, DirectoryUser_State, type HeldAction } from '@autoprov/proto';
import { listAccounts, type ServiceProvider } from '@autoprov/testing';
import { approveHeldActions } from '../rpc/approve-held-actions.ts';
import { listHeldActions } from '../rpc/list-held-actions.ts';
import type { TestApp, TestPerson } from './test-app.fixture.ts';

/** The tests' one app, and who approves. */
export const name = 'customers/acme/apps/crm';
export const ann = { caller: 'cli', person: 'ann@acme.example' };

/** So many ids of people. */
export const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));

/** Somebody who has left. */
export const suspended = (id: string): TestPerson => ({ id, state: DirectoryUser_State.STATE_SUSPENDED });

/** All held actions of a state, by several pages, and the hash that each page gave. */
export async function held(app: TestApp, state: HeldAction_State = HeldAction_State.STATE_HELD) {
  const all: HeldAction[] = [];
  const approvalHashes = new Set<string>();
  let pageToken = '';
  do {
    const page = await listHeldActions(app.ctx, { parent: name, pageSize: 7, pageToken, state });
    all.push(...page.heldActions);
    approvalHashes.add(page.approvalHash);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  const [approvalHash, ...others] = approvalHashes;
  if (others.length > 0) throw new Error('two pages of one list gave different hashes');
  return { actions: all, ids: all.map(({ user }) => user.split('/').at(-1)!).sort(), approvalHash: approvalHash! };
}

/** Approves what a hash covers. */
export const approve = (app: TestApp, approvalHash: string) =>
  approveHeldActions(app.ctx, { app: name, approvalHash }, ann);

/** Whose account is off at the service provider. */
export async function suspendedIds(sp: ServiceProvider): Promise<string[]> {
  const off = (await listAccounts(sp)).filter(({ active }) => active === false);
  return off.map(({ userName }) => userName!.slice(1, 5)).sort();
}
