import type { Db } from '@autoprov/postgres';

/** A version for a secret that is about to be stored: higher than all before, and never given again. */
export async function takeSecretVersion(db: Db): Promise<bigint> {
  const { rows } = await db.query<{ version: bigint }>(`select nextval('secret_versions') as version`);
  return rows[0]!.version;
}
