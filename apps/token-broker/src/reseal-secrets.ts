import type { BrokerContext } from './context.ts';
import { UnreadableSecretError, type SealedFor } from './domain/sealing.ts';
import { sealedForDelegation } from './open-delegation.ts';
import { listDelegationsNotSealedWith, replaceSealedDelegation } from './store/delegations.ts';
import { listSecretsNotSealedWith, replaceSealedSecret } from './store/sealed-secrets.ts';

/** Seals anew, with the first key, what another key sealed: once nothing is left, that key can be taken away. */
export async function resealSecrets(ctx: BrokerContext): Promise<void> {
  const { pool, sealer, logger } = ctx;
  let resealed = 0;
  let unreadable = 0;

  async function reseal(sealed: Buffer, owner: SealedFor, replace: (anew: Buffer) => Promise<void>): Promise<void> {
    try {
      await replace(sealer.reseal(sealed, owner));
      resealed++;
    } catch (err) {
      if (!(err instanceof UnreadableSecretError)) throw err;
      unreadable++;
    }
  }

  for (const row of await listDelegationsNotSealedWith(pool, sealer.prefix)) {
    const owner = sealedForDelegation(row.customerId, row.version);
    await reseal(row.sealed, owner, (anew) => replaceSealedDelegation(pool, row, anew));
  }
  for (const row of await listSecretsNotSealedWith(pool, sealer.prefix)) {
    await reseal(row.sealed, row, (anew) => replaceSealedSecret(pool, row, anew));
  }
  if (resealed + unreadable > 0) logger.info({ resealed, unreadable }, 'secrets sealed anew with the first key');
}
