import { Account_Origin, Account_State, type Account as AccountMessage } from '@autoprov/proto';
import type { ListAccountsRequest, ListAccountsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { Account } from '../domain/model.ts';
import { listAccounts as listRows } from '../store/accounts.ts';
import { readAppName } from './app-key.ts';

const defaultPageSize = 100;
const maxPageSize = 500;

export async function listAccounts(ctx: PusherContext, request: ListAccountsRequest): Promise<ListAccountsResponse> {
  const key = readAppName('parent', request.parent);
  const limit = Math.min(request.pageSize > 0 ? request.pageSize : defaultPageSize, maxPageSize);
  const rows = await listRows(ctx.pool, key, request.pageToken, limit + 1);
  const page = rows.slice(0, limit);
  const nextPageToken = rows.length > limit ? page.at(-1)!.userId : '';
  return { accounts: page.map((account) => toMessage(request.parent, account)), nextPageToken };
}

const origins = { created: Account_Origin.ORIGIN_CREATED, adopted: Account_Origin.ORIGIN_ADOPTED };
const states = {
  none: Account_State.STATE_UNSPECIFIED,
  active: Account_State.STATE_ACTIVE,
  suspended: Account_State.STATE_SUSPENDED,
  deleted: Account_State.STATE_DELETED,
};

/** The API's form of a row. */
export function toMessage(app: string, account: Account): AccountMessage {
  return {
    name: `${app}/accounts/${account.userId}`,
    scimId: account.scimId ?? '',
    origin: account.origin ? origins[account.origin] : Account_Origin.ORIGIN_UNSPECIFIED,
    state: states[account.state],
    accepted: account.accepted,
    acceptTime: account.acceptedAt,
    failureCode: account.failureCode ?? '',
    failureReason: account.failureReason ?? '',
    failureDetail: account.failureDetail ?? '',
    attempt: account.attempt,
    dueTime: account.dueAt,
  };
}
