import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { Pool } from '@autoprov/postgres';
import type { ConfigServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';
import type { Sealer } from './domain/sealing.ts';
import type { DirectoryTokens } from './directory-tokens.ts';
import type { TokenCache } from './token-cache.ts';

/** What handlers may use. */
export type BrokerContext = {
  pool: Pool;
  sealer: Sealer;
  tokens: DirectoryTokens;
  tokenCache: TokenCache;
  config: RpcClient<typeof ConfigServiceService>;
  origin: EventOrigin;
  logger: Logger;
  now: Clock;
  /** Something was written to the outbox. */
  wakeOutbox: () => void;
};
