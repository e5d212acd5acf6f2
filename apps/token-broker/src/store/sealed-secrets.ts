import type { Db } from '@autoprov/postgres';
import type { SealedFor } from '../domain/sealing.ts';

/** A sealed secret of an app, and the table where it lies. */
export type SealedSecret = SealedFor & { table: (typeof tables)[number]; sealed: Buffer };

const tables = ['credentials', 'previous_credentials', 'oauth_tokens', 'authorizations', 'revocations'] as const;

/** What each secret is sealed for, beside its app and version. */
const kinds: Record<SealedSecret['table'], string> = {
  credentials: 'kind',
  previous_credentials: 'kind',
  oauth_tokens: `'oauth_tokens'`,
  authorizations: `'authorization'`,
  revocations: `'revocation'`,
};

/** What was sealed with another key than the one of this prefix. */
export async function listSecretsNotSealedWith(db: Db, prefix: Buffer): Promise<SealedSecret[]> {
  const found = tables.map(
    (table) => `select '${table}' as "table", customer_id as "customerId", app_id as "appId", ${kinds[table]} as kind,
      version, sealed from ${table} where substring(sealed from 1 for length($1::bytea)) <> $1`,
  );
  const { rows } = await db.query<SealedSecret>(found.join(' union all '), [prefix]);
  return rows;
}

/** Nothing happens when the secret was replaced meanwhile. */
export async function replaceSealedSecret(db: Db, secret: SealedSecret, sealed: Buffer): Promise<void> {
  await db.query(`update ${secret.table} set sealed = $1 where customer_id = $2 and app_id = $3 and sealed = $4`, [
    sealed,
    secret.customerId,
    secret.appId,
    secret.sealed,
  ]);
}

/** How many stored secrets each key sealed, by the id of the key: bytes 2 to 9 of what is sealed. */
export async function countSealedByKey(db: Db): Promise<{ keyId: Buffer; count: bigint }[]> {
  const every = [...tables, 'delegations'].map((table) => `select sealed from ${table} where sealed is not null`);
  const { rows } = await db.query<{ keyId: Buffer; count: bigint }>(
    `select substring(sealed from 2 for 8) as "keyId", count(*) as count from (${every.join(' union all ')}) as every
     group by 1`,
  );
  return rows;
}
