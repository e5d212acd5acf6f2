import type { Db } from '@autoprov/postgres';
import type { ProvisioningSetup } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import { setupFromDocument, type Document } from './documents.ts';

/** One change of a setup; `setup` absent: it was deleted. */
export type SetupRevision = {
  revision: bigint;
  setup: ProvisioningSetup | undefined;
  caller: string;
  person: string;
  createTime: Date;
  changedPaths: string[];
  /** 0: it was no rollback. */
  rolledBackTo: bigint;
};

type Row = Omit<SetupRevision, 'setup'> & { document: Document | null };

const columns = `revision, document, caller, person, create_time as "createTime", changed_paths as "changedPaths", rolled_back_to as "rolledBackTo"`;

export async function insertRevision(
  tx: Db,
  { customerId, appId, ...revision }: AppKey & Omit<SetupRevision, 'setup'> & { document: string | null },
): Promise<void> {
  const { revision: number, document, caller, person, createTime, changedPaths, rolledBackTo } = revision;
  await tx.query(
    `insert into setup_revisions
       (customer_id, app_id, revision, document, caller, person, create_time, changed_paths, rolled_back_to)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [customerId, appId, number, document, caller, person, createTime, changedPaths, rolledBackTo],
  );
}

/** At most `limit` changes of an app's setup that came before the revision `before`, newest first. */
export async function listSetupRevisions(
  db: Db,
  { customerId, appId }: AppKey,
  before: bigint,
  limit: number,
): Promise<SetupRevision[]> {
  const { rows } = await db.query<Row>(
    `select ${columns} from setup_revisions
     where customer_id = $1 and app_id = $2 and revision < $3 order by revision desc limit $4`,
    [customerId, appId, before, limit],
  );
  return rows.map(toRevision);
}

/** One change of an app's setup; undefined: the app has no such revision. */
export async function findSetupRevision(
  db: Db,
  { customerId, appId }: AppKey,
  revision: bigint,
): Promise<SetupRevision | undefined> {
  const { rows } = await db.query<Row>(
    `select ${columns} from setup_revisions where customer_id = $1 and app_id = $2 and revision = $3`,
    [customerId, appId, revision],
  );
  return rows[0] && toRevision(rows[0]);
}

/** Whether the app's setup was deleted after a revision: what was read then is of a setup that is gone. */
export async function isDeletedSince(db: Db, { customerId, appId }: AppKey, revision: bigint): Promise<boolean> {
  const { rows } = await db.query(
    `select from setup_revisions
     where customer_id = $1 and app_id = $2 and revision > $3 and document is null limit 1`,
    [customerId, appId, revision],
  );
  return rows.length > 0;
}

function toRevision({ document, ...row }: Row): SetupRevision {
  return { ...row, setup: document ? setupFromDocument(document) : undefined };
}
