import type { CallContext } from '@autoprov/grpc';
import { inTransaction } from '@autoprov/postgres';
import type { DeleteAppRequest, DeleteAppResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { deleteApp as removeApp, lockApp } from '../store/apps.ts';
import { savePendingRevocation } from '../store/pending-revocations.ts';
import { saveRemoval } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { revokeDeleted } from './delete-warnings.ts';
import { notFoundError } from './errors.ts';
import { readAppKey } from './violations.ts';

export async function deleteApp(
  ctx: ConfigContext,
  { name, validateOnly }: DeleteAppRequest,
  call: CallContext,
): Promise<DeleteAppResponse> {
  const key = readAppKey('name', name);
  await inTransaction(ctx.pool, async (tx) => {
    if (!(await lockApp(tx, key))) throw notFoundError(name, 'it may be removed already');
    if (validateOnly) return;
    await removeApp(tx, key);
    await saveRemoval(tx, key, { appRemoved: true }, authorshipOf(ctx, call));
    await savePendingRevocation(tx, key);
  });
  return { warnings: validateOnly ? [] : await revokeDeleted(ctx, key, call) };
}
