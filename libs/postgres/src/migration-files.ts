import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Migration = {
  /** `shared` for the tables of this library, `service` for those of the service. */
  origin: 'shared' | 'service';
  version: number;
  /** The file's name, as in `0001_setups.sql`. */
  name: string;
  sql: string;
  checksum: string;
};

const SHARED_DIR = fileURLToPath(new URL('../migrations', import.meta.url));

/** All migrations of a service in the order they are applied: this library's (leases, outbox), then its own. */
export async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  return [...(await readFolder('shared', SHARED_DIR)), ...(await readFolder('service', migrationsDir))];
}

async function readFolder(origin: Migration['origin'], dir: string): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).toSorted();
  const migrations = await Promise.all(
    names.map(async (name) => {
      const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
      if (!number) throw new Error(`${join(dir, name)}: name a migration NNNN_what.sql, in lower case`);
      const sql = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n');
      return { origin, version: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
  migrations.forEach(({ version, name }, i) => {
    const twin = migrations[i - 1];
    if (twin?.version === version)
      throw new Error(`${name} and ${twin.name} in ${dir} share a number: renumber the newer`);
  });
  return migrations;
}

/** What the database remembers of an applied migration. */
export type AppliedMigration = Pick<Migration, 'origin' | 'version' | 'name' | 'checksum'>;

/**
 * The migrations still to apply. Applied ones that have no file are fine: a newer release was here. Throws when an
 * applied file was edited since, or when a new file has a number below an applied one.
 */
export function pendingMigrations(migrations: Migration[], applied: AppliedMigration[]): Migration[] {
  return migrations.filter((migration) => {
    const sameOrigin = applied.filter(({ origin }) => origin === migration.origin);
    const before = sameOrigin.find(({ version }) => version === migration.version);
    if (before && before.checksum !== migration.checksum) {
      throw new Error(
        `${migration.name} is not the file that was applied (as ${before.name}): restore it, and put the change into a new migration`,
      );
    }
    const newer = sameOrigin.find(({ version }) => version > migration.version);
    if (!before && newer) {
      throw new Error(`${migration.name} comes before ${newer.name}, which is applied: give it the next free number`);
    }
    return !before;
  });
}
