import type { Db } from '@autoprov/postgres';
import type { BrokerContext } from './context.ts';
import { openTokens, readClient, sealRevocation, type OAuthTokens } from './domain/oauth-secrets.ts';
import { UnreadableSecretError } from './domain/sealing.ts';
import { deleteAuthorizations } from './store/authorizations.ts';
import {
  deleteCredential,
  lockCredential,
  type AppKey,
  type NewCredential,
  type StoredCredential,
} from './store/credentials.ts';
import { findTokens } from './store/oauth-tokens.ts';
import { saveRevocation } from './store/revocations.ts';
import { takeSecretVersion } from './store/secret-versions.ts';

/**
 * Removes an app's credential and whatever was begun for it. Tokens that can be revoked at the service provider are kept
 * for that, in the same transaction.
 *
 * @param until what was stored or begun later stays; absent: nothing does
 * @returns `newer`: a credential stays
 */
export async function withdrawCredential(
  ctx: BrokerContext,
  tx: Db,
  app: AppKey,
  until?: Date,
): Promise<'withdrawn' | 'newer' | 'none'> {
  await deleteAuthorizations(tx, app, until);
  const credential = await lockCredential(tx, app);
  if (!credential) return 'none';
  if (until && credential.updateTime > until) return 'newer';
  await keepStoredTokens(ctx, tx, credential);
  await deleteCredential(tx, app);
  return 'withdrawn';
}

/**
 * Keeps the tokens of an app's credential until they are revoked, before another credential takes its place. Not those of
 * the same client: to revoke them may end the grant that the new ones are of, too (RFC 7009 §2.1). Not those that the
 * service provider has refused. False: nothing is to be revoked.
 */
export async function keepReplacedTokens(ctx: BrokerContext, tx: Db, replacement: NewCredential): Promise<boolean> {
  const credential = await lockCredential(tx, replacement);
  if (!credential || credential.clientId === replacement.clientId || credential.reauthorizeReason !== null)
    return false;
  return keepStoredTokens(ctx, tx, credential);
}

async function keepStoredTokens(ctx: BrokerContext, tx: Db, credential: StoredCredential): Promise<boolean> {
  const stored = await findTokens(tx, credential);
  if (!stored) return false;
  try {
    await keepForRevocation(ctx, tx, credential, openTokens(ctx.sealer, stored));
  } catch (err) {
    if (!(err instanceof UnreadableSecretError)) throw err;
    const { customerId, appId } = credential;
    // What nobody can read, nobody can revoke.
    ctx.logger.warn({ err, customerId, appId }, 'tokens are erased without being revoked');
  }
  return true;
}

/** Keeps tokens until they are revoked; nothing where the service provider has no revocation endpoint. */
export async function keepForRevocation(
  ctx: BrokerContext,
  tx: Db,
  credential: StoredCredential,
  tokens: OAuthTokens,
): Promise<void> {
  const client = readClient(ctx.sealer.open(credential.sealed, credential));
  if (client.revocationUrl === '') return;
  const { customerId, appId } = credential;
  const version = await takeSecretVersion(tx);
  const sealed = sealRevocation(ctx.sealer, { client, tokens }, { customerId, appId, version });
  const createTime = ctx.now();
  await saveRevocation(tx, { customerId, appId, kind: 'app_token', version, sealed, clientId: '', createTime });
}
