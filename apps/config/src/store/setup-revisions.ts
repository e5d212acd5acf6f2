import type { Db } from '@autoprov/postgres';
import type { ProvisioningSetup } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';
import { setupFromDocument, type Document } from './documents.ts';

/** One change of a setup; `setup` absent: it was deleted. */
export type SetupRevision = {
  revision: bigint;
  setup: ProvisioningSetup | undefined;
  caller: string;
  createTime: Date;
};

export async function insertRevision(
  tx: Db,
  revision: AppKey & Omit<SetupRevision, 'setup'> & { document: string | null },
): Promise<void> {
  await tx.query(
    `insert into setup_revisions (revision, customer_id, app_id, document, caller, create_time)
     values ($1, $2, $3, $4, $5, $6)`,
    [revision.revision, revision.customerId, revision.appId, revision.document, revision.caller, revision.createTime],
  );
}

/** At most `limit` changes of an app's setup that came before the revision `before`, newest first. */
export async function listSetupRevisions(
  db: Db,
  { customerId, appId }: AppKey,
  before: bigint,
  limit: number,
): Promise<SetupRevision[]> {
  const { rows } = await db.query<Omit<SetupRevision, 'setup'> & { document: Document | null }>(
    `select revision, document, caller, create_time as "createTime" from setup_revisions
     where customer_id = $1 and app_id = $2 and revision < $3 order by revision desc limit $4`,
    [customerId, appId, before, limit],
  );
  return rows.map(({ document, ...row }) => ({ ...row, setup: document ? setupFromDocument(document) : undefined }));
}
