import { RpcError, status, type CallContext } from '@autoprov/grpc';
import {
  Account_Origin,
  LinkRefusal_Reason,
  parseUserName,
  type ImportLinksRequest,
  type ImportLinksResponse,
  type Link,
  type LinkRefusal,
} from '@autoprov/proto';
import { assertFence, inTransaction, withLease, type HeldLease } from '@autoprov/postgres';
import { isObject, readId, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { PusherContext } from '../context.ts';
import { linkAccount } from '../domain/link-account.ts';
import { isLinked, noAccount, type Account, type AppSetup, type Trigger } from '../domain/model.ts';
import { idOf } from '../push/decide-people.ts';
import { isDown } from '../push/pass.ts';
import type { ScimClient } from '../push/scim-client.ts';
import type { ScimFailure } from '../push/scim-failure.ts';
import { openClient } from '../push/survey-accounts.ts';
import { saysVanished } from '../push/vanished.ts';
import { findAccounts, findLinks } from '../store/accounts.ts';
import { wakeParked } from '../store/due-people.ts';
import { saveLink, type NewLink } from '../store/links.ts';
import { findUsers } from '../store/users.ts';
import { readAppName, requireSetup } from './app-key.ts';
import { invalidField } from './errors.ts';

const maxLinks = 100;
const triggers: readonly string[] = ['out_of_scope', 'suspended', 'archived', 'deleted'];
const Reason = LinkRefusal_Reason;

type Refusal = Omit<LinkRefusal, 'index'>;
/** What is known of whom links name; grows with each link that is taken. */
type Known = { users: Map<string, string>; accounts: Map<string, Account>; linkedTo: Map<string, string> };

export async function importLinks(
  ctx: PusherContext,
  request: ImportLinksRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
): Promise<ImportLinksResponse> {
  const { app: name, links } = request;
  const key = readAppName('app', name);
  const app = await requireSetup(ctx, name, key);
  if (links.length > maxLinks) throw invalidField('links', `are more than ${maxLinks}: send them in several calls`);
  const lease = { name: `app/${key.customerId}/${key.appId}`, owner: ctx.settings.owner, ttlMs: ctx.settings.leaseMs };
  let answer: ImportLinksResponse | undefined;
  await withLease(ctx.pool, lease, async (held) => {
    answer = await importUnder(ctx, app, request, { ...call, signal: AbortSignal.any([call.signal, held.lost]) }, held);
  });
  if (!answer) {
    const message = `${name} is being pushed: try again in a moment, or hold its writes first`;
    throw new RpcError(status.ABORTED, 'RESOURCE_IN_USE', message, { metadata: { name } });
  }
  ctx.wakeWorkers();
  return answer;
}

async function importUnder(
  ctx: PusherContext,
  app: AppSetup,
  { links, validateOnly, trusted }: ImportLinksRequest,
  call: Pick<CallContext, 'signal' | 'deadline'>,
  lease: HeldLease,
): Promise<ImportLinksResponse> {
  const known = await findKnown(ctx, app, links);
  const scim = trusted ? undefined : openClient(ctx, app, call);
  const answer: ImportLinksResponse = { importedCount: 0n, unchangedCount: 0n, refusals: [] };
  const taken: NewLink[] = [];
  for (const [index, link] of links.entries()) {
    const judged = judge(app, link, known, trusted);
    if (judged === 'unchanged') {
      answer.unchangedCount++;
      continue;
    }
    const read = 'reason' in judged ? judged : await readAccount(app, link, judged, scim);
    if ('reason' in read) {
      answer.refusals.push({ index, ...read });
      continue;
    }
    taken.push(read);
    known.accounts.set(read.userId, read as Account);
    known.linkedTo.set(read.scimId, read.userId);
    answer.importedCount++;
  }
  if (!validateOnly) await save(ctx, app, taken, known, lease);
  return answer;
}

async function findKnown(ctx: PusherContext, app: AppSetup, links: readonly Link[]): Promise<Known> {
  const userIds = links.flatMap(({ user }) => parseUserName(user)?.userId ?? []);
  const scimIds = links.flatMap(({ scimId }) => readId({ id: scimId }) ?? []);
  const users = await findUsers(ctx.pool, app.customerId, userIds);
  const accounts = await findAccounts(ctx.pool, app, userIds);
  return {
    users: new Map(users.map((user) => [idOf(user), user.primaryEmail])),
    accounts: new Map(accounts.map((account) => [account.userId, account])),
    linkedTo: await findLinks(ctx.pool, app, scimIds),
  };
}

/** Whether a link may be taken, as far as is known here. */
function judge(app: AppSetup, link: Link, known: Known, trusted: boolean): Account | Refusal | 'unchanged' {
  const user = parseUserName(link.user);
  const { scimId } = link;
  if (user?.customerId !== app.customerId) {
    return refuse(Reason.REASON_INVALID, `"${link.user}" names nobody of the app's customer`);
  }
  if (readId({ id: scimId }) === undefined) return refuse(Reason.REASON_INVALID, 'scim_id is no id of an account');
  if (link.trigger !== '' && !triggers.includes(link.trigger)) {
    return refuse(Reason.REASON_INVALID, `trigger is none of ${triggers.join(', ')}`);
  }
  if (trusted && !link.accepted) {
    return refuse(Reason.REASON_INVALID, 'accepted is missing: import it without trust, so that the account is read');
  }
  if (!known.users.has(user.userId)) {
    const advice = 'see that the directory has been read: "autoprov reads"';
    return refuse(Reason.REASON_UNKNOWN_USER, `the directory does not have this person: ${advice}`);
  }
  const account = known.accounts.get(user.userId) ?? noAccount(user.userId);
  if (isLinked(account)) {
    if (account.scimId === scimId) return 'unchanged';
    return refuse(Reason.REASON_USER_LINKED, `the person is linked to the account ${account.scimId}`);
  }
  const other = known.linkedTo.get(scimId);
  if (other !== undefined) {
    return refuse(Reason.REASON_ACCOUNT_LINKED, `the account is linked to customers/${app.customerId}/users/${other}`);
  }
  return account;
}

/** The link with what the account holds: as it is read, or without a client as the link says. */
async function readAccount(
  app: AppSetup,
  link: Link,
  account: Account,
  scim: ScimClient | undefined,
): Promise<NewLink | Refusal> {
  const { scimId } = link;
  let resource = link.accepted as JsonObject | undefined;
  if (scim) {
    const answer = await scim.send('GET', `/Users/${encodeURIComponent(scimId)}`);
    if (!answer.ok) return refuseUnread(answer.failure);
    if (!isObject(answer.body) || readId(answer.body) !== scimId) {
      return refuse(Reason.REASON_ACCOUNT_UNREADABLE, 'the service provider answers another account for this id');
    }
    resource = answer.body;
  }
  const match = { do: 'adopt' as const, resource: resource as ScimUser, scimId, keepExternalId: link.keepsExternalId };
  const { state, accepted, acceptedDigest = '' } = linkAccount(app.setup, account, match);
  return {
    userId: account.userId,
    scimId,
    state,
    accepted,
    acceptedDigest,
    keepsExternalId: link.keepsExternalId,
    origin: link.origin === Account_Origin.ORIGIN_CREATED ? 'created' : 'adopted',
    ...(link.trigger !== '' && { trigger: link.trigger as Trigger }),
    ...(link.triggerTime && { triggerAt: link.triggerTime }),
  };
}

function refuseUnread(failure: ScimFailure): Refusal {
  const { code, reason, detail = '' } = failure;
  const words = detail === '' ? `${code} ${reason}` : `${code} ${reason}: ${detail}`;
  if (saysVanished(failure)) {
    return refuse(Reason.REASON_ACCOUNT_MISSING, `the service provider does not have the account (${words})`);
  }
  if (!isDown(failure)) return refuse(Reason.REASON_ACCOUNT_UNREADABLE, `try again: ${words}`);
  const message = `the service provider's accounts cannot be read now: try again later (${words})`;
  throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, {
    metadata: { code, finer_reason: reason },
  });
}

async function save(
  ctx: PusherContext,
  app: AppSetup,
  taken: readonly NewLink[],
  { users }: Known,
  lease: HeldLease,
): Promise<void> {
  if (taken.length === 0) return;
  const now = ctx.now();
  await inTransaction(ctx.pool, async (tx) => {
    await assertFence(tx, lease.name, lease.fence);
    for (const link of taken) {
      await saveLink(tx, app, link, now);
      // Who refers to them has waited for the account.
      await wakeParked(tx, app, [users.get(link.userId)!, link.userId], now);
    }
  });
}

function refuse(reason: LinkRefusal_Reason, explanation: string): Refusal {
  return { reason, explanation };
}
