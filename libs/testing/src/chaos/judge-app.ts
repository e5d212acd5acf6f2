import type { Pool } from '@autoprov/postgres';
import { compareAccounts } from '../reference/compare-accounts.ts';
import { demandedAccounts } from '../reference/demanded-accounts.ts';
import type { Network } from '../network/network.ts';
import type { ChaosApp } from './chaos-app.ts';
import type { Chaos } from './run-chaos.ts';

type Judged = Pick<Chaos, 'lost' | 'duplicated' | 'wrongLinks' | 'sentences'>;

/** Compares what a service provider holds with what the directory demands, and our links with whose accounts they are. */
export async function judgeApp({ people }: Network, pool: Pool, { appId, serviceProvider }: ChaosApp): Promise<Judged> {
  const accounts = await serviceProvider.list();
  const demanded = demandedAccounts(people.state, { deprovisioning: { deleted: 'delete' } });
  const { differences } = compareAccounts(accounts, demanded);
  const byPerson = Map.groupBy(accounts, ({ externalId }) => externalId ?? '');
  const twins = demanded.filter(({ externalId }) => (byPerson.get(externalId)?.length ?? 0) > 1);
  const lost = demanded.filter(
    (person) => !twins.includes(person) && differences.some((sentence) => sentence.includes(`(${person.externalId})`)),
  );
  const { rows: links } = await pool.query<{ userId: string; scimId: string }>(
    `select user_id as "userId", scim_id as "scimId" from accounts
     where app_id = $1 and state in ('active', 'suspended')`,
    [appId],
  );
  const ownerOf = new Map(accounts.map(({ id, externalId }) => [id, externalId]));
  const wrongLinks = links.filter(({ userId, scimId }) => ownerOf.get(scimId) !== userId);
  const sentences = [
    ...(await serviceProvider.invalidRequests()),
    ...differences,
    ...wrongLinks.map(({ userId, scimId }) => `${userId} is linked to the account ${scimId} of ${ownerOf.get(scimId)}`),
  ];
  return {
    lost: lost.length,
    duplicated: twins.length,
    wrongLinks: wrongLinks.length,
    sentences: sentences.map((sentence) => `${appId}: ${sentence}`),
  };
}
