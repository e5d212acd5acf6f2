import { Account_Origin, Account_State, type Account as AccountMessage } from '@autoprov/proto';
import type { ListAccountsRequest, ListAccountsResponse } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import type { Account } from '../domain/model.ts';
import { listAccounts as listRows } from '../store/accounts.ts';
import { readAppName } from './app-key.ts';
import { readPageSize, readPageToken, toPageToken } from './pages.ts';

export async function listAccounts(ctx: PusherContext, request: ListAccountsRequest): Promise<ListAccountsResponse> {
  const key = readAppName('parent', request.parent);
  const limit = readPageSize(request.pageSize);
  const [afterUserId = ''] = readPageToken(request.pageToken, (parts) => parts.length === 1) ?? [];
  const rows = await listRows(ctx.pool, key, afterUserId, limit + 1);
  const page = rows.slice(0, limit);
  const nextPageToken = rows.length > limit ? toPageToken(page.at(-1)!.userId) : '';
  return { accounts: page.map((account) => toMessage(request.parent, account)), nextPageToken };
}

const origins = { created: Account_Origin.ORIGIN_CREATED, adopted: Account_Origin.ORIGIN_ADOPTED };
/** The API's words for what is known of an account. */
export const accountStates = {
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
    state: accountStates[account.state],
    accepted: account.accepted,
    acceptTime: account.acceptedAt,
    failureCode: account.failureCode ?? '',
    failureReason: account.failureReason ?? '',
    failureDetail: account.failureDetail ?? '',
    attempt: account.attempt,
    dueTime: account.dueAt,
  };
}
