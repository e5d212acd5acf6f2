import { Account_Origin, type ExportLinksRequest, type ExportLinksResponse, type Link } from '@autoprov/proto';
import type { PusherContext } from '../context.ts';
import { isLinked, type Account, type AppKey } from '../domain/model.ts';
import { listAccounts } from '../store/accounts.ts';
import { readAppName, requireSetup } from './app-key.ts';

const pageSize = 100;

export async function* exportLinks(
  ctx: PusherContext,
  { app }: ExportLinksRequest,
): AsyncGenerator<ExportLinksResponse> {
  const key = readAppName('app', app);
  await requireSetup(ctx, app, key);
  for (let after = ''; ;) {
    const accounts = await listAccounts(ctx.pool, key, after, pageSize);
    const links = accounts.filter(isLinked).map((account) => present(key, account));
    if (links.length > 0) yield { links };
    if (accounts.length < pageSize) return;
    after = accounts.at(-1)!.userId;
  }
}

function present({ customerId }: AppKey, account: Account & { scimId: string }): Link {
  const { userId, scimId, origin, keepsExternalId, accepted, writeBegunAt, trigger, triggerAt } = account;
  return {
    user: `customers/${customerId}/users/${userId}`,
    scimId,
    origin: origin === 'created' ? Account_Origin.ORIGIN_CREATED : Account_Origin.ORIGIN_ADOPTED,
    keepsExternalId: keepsExternalId ?? false,
    // After a write whose end is not known nobody knows what the account holds.
    accepted: writeBegunAt ? undefined : accepted,
    trigger: trigger ?? '',
    triggerTime: triggerAt,
  };
}
