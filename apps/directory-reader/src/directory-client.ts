import { backoffMs, sleep, type Logger, type Secret } from '@autoprov/service';
import { admin } from '@googleapis/admin';
import { GaxiosError } from 'gaxios';
import { DirectoryError } from './domain/directory-error.ts';
import {
  groupsFieldMask,
  membersPageFieldMask,
  orgUnitsFieldMask,
  userFieldMask,
  usersPageFieldMask,
} from './domain/field-mask.ts';
import { classifyAnswer, isQuotaAnswer, reasonsOf, retryAfterMs } from './domain/google-answer.ts';
import type { RequestBudget } from './request-budget.ts';
import type { RequestKind } from './store/request-counts.ts';

const ATTEMPT_TIMEOUT_MS = 20_000;
const BACKOFF = { baseMs: 500, capMs: 16_000 };

/** An answer: the JSON as it came, and when the request was sent. */
export type Answer = { body: unknown; sentAt: Date };

/** A channel to open. */
export type WatchRequest = { event: string; channelId: string; address: string; token: Secret; ttlSeconds: number };

/** What the client needs from its service. */
export type DirectoryClientOptions = {
  /** Where Google's API is, if not at Google. */
  rootUrl: string | undefined;
  /** For how long one request is tried again. */
  retryBudgetMs: number;
  budget: RequestBudget;
  /** A token of the broker; throws DirectoryError (no-token). */
  getToken(options: { forceNew: boolean }): Promise<string>;
  /** Called before each request is sent. */
  countRequest(kind: RequestKind): Promise<void>;
  /** The database's clock. */
  now(): Date;
  /** Ends everything when aborted. */
  signal: AbortSignal;
  logger: Logger;
};

/** Google's directory of one customer, for the length of one read. All methods throw DirectoryError. */
export type DirectoryClient = ReturnType<typeof createDirectoryClient>;

/** The only code that talks to Google's directory (Admin SDK Directory API v1). */
export function createDirectoryClient({ rootUrl, ...options }: DirectoryClientOptions) {
  const directory = admin({ version: 'directory_v1', ...(rootUrl && { rootUrl }) });
  const send = createSender(options);
  return {
    /** A page of the users, at most 500 at a time, with these custom schemas. */
    listUsers: (schemas: string[] | 'all', pageToken: string | undefined, maxResults = 500): Promise<Answer> =>
      send('usersList', (request) =>
        directory.users.list(
          {
            customer: 'my_customer',
            maxResults,
            fields: usersPageFieldMask,
            ...projectionOf(schemas),
            ...(pageToken && { pageToken }),
          },
          request,
        ),
      ),

    /** A page of the users deleted in the last 20 days, whom no other list shows. */
    listDeletedUsers: (pageToken: string | undefined): Promise<Answer> =>
      send('usersList', (request) =>
        directory.users.list(
          {
            customer: 'my_customer',
            showDeleted: 'true',
            maxResults: 500,
            fields: usersPageFieldMask,
            ...(pageToken && { pageToken }),
          },
          request,
        ),
      ),

    /** One user, with these custom schemas. */
    getUser: (id: string, schemas: string[] | 'all'): Promise<Answer> =>
      send('usersGet', (request) =>
        directory.users.get({ userKey: id, fields: userFieldMask, ...projectionOf(schemas) }, request),
      ),

    /** Whose directory it is: `customerId` of the admin on whose behalf it is read. */
    identify: (adminEmail: string): Promise<Answer> =>
      send('identify', (request) => directory.users.get({ userKey: adminEmail, fields: 'customerId' }, request)),

    /** A page of a group's direct members, 200 at a time. */
    listMembers: (groupKey: string, pageToken: string | undefined): Promise<Answer> =>
      send('membersList', (request) =>
        directory.members.list(
          { groupKey, maxResults: 200, fields: membersPageFieldMask, ...(pageToken && { pageToken }) },
          request,
        ),
      ),

    /** Opens a channel for notifications of one event about users ("Push notifications"). */
    watchUsers: ({ event, channelId, address, token, ttlSeconds }: WatchRequest): Promise<Answer> =>
      send('usersWatch', (request) =>
        directory.users.watch(
          {
            customer: 'my_customer',
            event,
            requestBody: {
              id: channelId,
              type: 'web_hook',
              address,
              token: token.reveal(),
              params: { ttl: String(ttlSeconds) },
            },
          },
          request,
        ),
      ),

    /** Ends a channel. */
    stopChannel: ({ channelId, resourceId }: { channelId: string; resourceId: string }): Promise<Answer> =>
      send('channelsStop', (request) =>
        directory.channels.stop({ requestBody: { id: channelId, resourceId } }, request),
      ),

    /** All org units but the root. The token must have the scope for it. */
    listOrgUnits: (): Promise<Answer> =>
      send('orgUnitsList', (request) =>
        directory.orgunits.list({ customerId: 'my_customer', type: 'all', fields: orgUnitsFieldMask }, request),
      ),

    /** The first 50 groups that a query finds. The token must have the scope for it. */
    searchGroups: (query: string): Promise<Answer> =>
      send('groupsList', (request) =>
        directory.groups.list({ customer: 'my_customer', query, maxResults: 50, fields: groupsFieldMask }, request),
      ),

    /** All custom schemas. */
    listSchemas: (): Promise<Answer> =>
      send('schemasList', (request) => directory.schemas.list({ customerId: 'my_customer' }, request)),
  };
}

function projectionOf(schemas: string[] | 'all') {
  if (schemas === 'all') return { projection: 'full' };
  return schemas.length === 0 ? { projection: 'basic' } : { projection: 'custom', customFieldMask: schemas.join(',') };
}

type RequestOptions = { headers: { authorization: string }; timeout: number; retry: false; signal: AbortSignal };
type Request = (options: RequestOptions) => Promise<{ data: unknown }>;

/** Sends requests, again where that can help; see the cases in it. */
function createSender(options: Omit<DirectoryClientOptions, 'rootUrl'>) {
  const { retryBudgetMs, budget, getToken, countRequest, now, signal, logger } = options;
  // Set once a token was refused: one new token is asked for in a read, and what it is refused too is forbidden.
  let renewal: Promise<string> | undefined;
  // Set once a request has used up its time: the directory is down, and each of the others gets one attempt.
  let gaveUp = false;

  async function attempt(kind: RequestKind, request: Request, token: string, deadlineMs: number): Promise<Answer> {
    const takenAt = await budget.take(signal, deadlineMs - performance.now());
    await countRequest(kind);
    const sentAt = now();
    try {
      const { data } = await request({
        headers: { authorization: `Bearer ${token}` },
        timeout: ATTEMPT_TIMEOUT_MS,
        // Google's client would ignore Retry-After.
        retry: false,
        signal,
      });
      // An answer cut short arrives as the text it is; to channels.stop none is given.
      if (typeof data !== 'string' || kind === 'channelsStop') return { body: data, sentAt };
      throw new DirectoryError('unavailable', `${methods[kind]} answered 200 without whole JSON`);
    } catch (err) {
      signal.throwIfAborted();
      if (!(err instanceof GaxiosError)) throw err;
      const failure = toDirectoryError(kind, err, sentAt);
      if (isQuotaAnswer({ status: err.status, reasons: reasonsOf(err.response?.data) })) {
        logger.warn({ kind, problem: failure.message }, 'refused for quota: all replicas slow down for this customer');
        await budget.slowDown(takenAt, failure.retryAfterMs);
      }
      throw failure;
    }
  }

  return async function send(kind: RequestKind, request: Request): Promise<Answer> {
    const deadlineMs = performance.now() + retryBudgetMs;
    for (let attempts = 0; ; attempts++) {
      const renewed = renewal;
      await renewed;
      try {
        return await attempt(kind, request, await getToken({ forceNew: false }), deadlineMs);
      } catch (err) {
        if (!(err instanceof DirectoryError)) throw err;
        if (err.kind === 'forbidden' && !renewed) {
          renewal ??= getToken({ forceNew: true });
          continue;
        }
        if (err.kind !== 'unavailable') throw err;
        const waitMs = backoffMs(attempts, BACKOFF) + (err.retryAfterMs ?? 0);
        gaveUp ||= performance.now() + waitMs > deadlineMs;
        if (gaveUp) throw err;
        logger.warn({ kind, attempts, waitMs, problem: err.message }, 'directory request failed: tried again');
        await sleep(waitMs, signal).catch(() => signal.throwIfAborted());
      }
    }
  };
}

const methods: Record<RequestKind, string> = {
  usersList: 'users.list',
  usersGet: 'users.get',
  membersList: 'members.list',
  schemasList: 'schemas.list',
  identify: 'users.get',
  orgUnitsList: 'orgunits.list',
  groupsList: 'groups.list',
  usersWatch: 'users.watch',
  channelsStop: 'channels.stop',
};

/** Google's own message is left out: it may name a person. So is the cause: it holds the token. */
function toDirectoryError(kind: RequestKind, { response, code, status }: GaxiosError, sentAt: Date): DirectoryError {
  const reasons = reasonsOf(response?.data);
  const said = status === undefined ? `gave no answer (${code})` : `answered ${[status, ...reasons].join(' ')}`;
  return new DirectoryError(classifyAnswer({ status, reasons }), `${methods[kind]} ${said}`, {
    sentAt,
    retryAfterMs: retryAfterMs(response?.headers.get('retry-after'), new Date()),
  });
}
