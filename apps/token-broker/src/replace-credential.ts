import { inTransaction } from '@autoprov/postgres';
import type { BrokerContext } from './context.ts';
import { reportPassed } from './report-checks.ts';
import { findCredential, saveCredential, type NewCredential, type StoredCredential } from './store/credentials.ts';
import { lockDelegation } from './store/delegations.ts';
import { saveTokens, type StoredTokens } from './store/oauth-tokens.ts';
import { deleteDelegationRevocation } from './store/revocations.ts';
import { keepReplacedTokens } from './withdraw-credential.ts';

/**
 * Stores an app's credential, with its first tokens where it has some; nothing fails for the app any more. Tokens of another
 * client, in whose place it comes, are revoked. A customer that has an app again needs its delegation: that is not to be
 * withdrawn any more.
 */
export async function replaceCredential(
  ctx: BrokerContext,
  credential: NewCredential,
  { keepPrevious = false, tokens }: { keepPrevious?: boolean; tokens?: Omit<StoredTokens, 'refreshStartTime'> } = {},
): Promise<StoredCredential> {
  const { customerId, appId, version: credentialVersion } = credential;
  const { stored, isRevoking } = await inTransaction(ctx.pool, async (tx) => {
    const isRevoking = await keepReplacedTokens(ctx, tx, credential);
    await saveCredential(tx, credential, { keepPrevious });
    if (tokens) await saveTokens(tx, tokens, { credentialVersion, replaces: undefined });
    // Whoever is about to open its revocation is waited for, or finds the credential.
    await lockDelegation(tx, customerId);
    await deleteDelegationRevocation(tx, customerId);
    return { stored: await findCredential(tx, credential), isRevoking };
  });
  if (isRevoking) ctx.wakeRevocations();
  await reportPassed(ctx, `customers/${customerId}/apps/${appId}`);
  return stored!;
}
