import type { EventOrigin } from '@autoprov/kafka';
import type { Pool } from '@autoprov/postgres';
import type { Clock } from '@autoprov/service';
import type { Sealer } from './domain/sealing.ts';
import type { DirectoryTokens } from './directory-tokens.ts';

/** What handlers may use. */
export type BrokerContext = {
  pool: Pool;
  sealer: Sealer;
  tokens: DirectoryTokens;
  origin: EventOrigin;
  now: Clock;
  /** Something was written to the outbox. */
  wakeOutbox: () => void;
};
