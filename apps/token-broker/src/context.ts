import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { Pool } from '@autoprov/postgres';
import type { ConfigServiceService, DirectoryServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';
import type { Sealer } from './domain/sealing.ts';
import type { AccessToken } from './access-token.ts';
import type { OAuthRequests } from './oauth-requests.ts';
import type { DirectoryToken, DirectoryTokens } from './directory-tokens.ts';
import type { SingleFlight } from './single-flight.ts';
import type { TokenCache } from './token-cache.ts';

/** What handlers may use. */
export type BrokerContext = {
  pool: Pool;
  sealer: Sealer;
  tokens: DirectoryTokens;
  tokenCache: TokenCache;
  oauth: OAuthRequests;
  /** The renewals of access tokens that are under way here, by app. */
  renewals: Map<string, Promise<AccessToken>>;
  /** `host` or `host:port` of service providers that may be called although they are not public. */
  allowedHosts: readonly string[];
  /** Checks of which directory is read, of this replica. */
  confirming: SingleFlight<DirectoryToken>;
  config: RpcClient<typeof ConfigServiceService>;
  directoryReader: RpcClient<typeof DirectoryServiceService>;
  origin: EventOrigin;
  logger: Logger;
  now: Clock;
  /** Who holds a lease, for people who look. */
  owner: string;
  /** Something was written to the outbox. */
  wakeOutbox: () => void;
  /** Something is to be withdrawn. */
  wakeRevocations: () => void;
};
