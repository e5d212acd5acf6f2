import type { Db } from '@autoprov/postgres';
import type { Account, AppKey } from '../domain/model.ts';
import { keepVersion, nextSeq } from './accounts.ts';

/** A link with what the account holds. */
export type NewLink = Pick<Account, 'userId' | 'origin' | 'accepted' | 'acceptedDigest' | 'trigger' | 'triggerAt'> & {
  scimId: string;
  state: 'active' | 'suspended';
  keepsExternalId: boolean;
};

/** Links a person to an account, and has them decided: a failure of theirs that is over is found so then. */
export async function saveLink(tx: Db, app: AppKey & { revision: bigint }, link: NewLink, now: Date): Promise<void> {
  await tx.query(
    `with superseded as (${keepVersion('$10', 'true')})
     insert into accounts as known (customer_id, app_id, user_id, scim_id, origin, state, accepted, accepted_digest,
       accepted_revision, accepted_at, known_at, trigger, trigger_at, due_at, keeps_external_id, outcome_seq)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $10, $13, ${nextSeq('0')})
     on conflict (customer_id, app_id, user_id) do update set
       scim_id = excluded.scim_id, origin = excluded.origin, state = excluded.state, accepted_before = null,
       accepted = excluded.accepted, accepted_digest = excluded.accepted_digest,
       accepted_revision = excluded.accepted_revision, accepted_at = excluded.accepted_at, known_at = excluded.known_at,
       trigger = excluded.trigger, trigger_at = excluded.trigger_at, due_at = excluded.due_at,
       keeps_external_id = excluded.keeps_external_id, intent_at = null, intended = null,
       write_begun_at = null`,
    [
      app.customerId,
      app.appId,
      link.userId,
      link.scimId,
      link.origin ?? 'adopted',
      link.state,
      link.accepted ?? null,
      link.acceptedDigest ?? null,
      app.revision,
      now,
      link.trigger ?? null,
      link.triggerAt ?? null,
      link.keepsExternalId,
    ],
  );
}
