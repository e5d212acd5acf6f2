import type { Agent } from 'undici';
import type { ConfigServiceService, DirectoryServiceService, TokenBrokerServiceService } from '@autoprov/proto';
import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { Pool } from '@autoprov/postgres';
import type { Logger } from '@autoprov/service';
import type { PusherEnv } from './env.ts';

/** What handlers and workers may use. */
export type PusherContext = {
  pool: Pool;
  config: RpcClient<typeof ConfigServiceService>;
  tokenBroker: RpcClient<typeof TokenBrokerServiceService>;
  directory: RpcClient<typeof DirectoryServiceService>;
  /** Connections to service providers. */
  spAgent: Agent;
  /** What the operator allows beside the public internet, as in SP_ALLOWED_HOSTS. */
  spAllowedHosts: readonly string[];
  /** Digests of the Authorization headers that service providers refuse now, by app: see watchCredentials. */
  refusedHeaders: Map<string, string>;
  /** When config is asked again whether an app's setup is there, by app: see confirmSetup. Monotonic. */
  confirmAgainAtMs: Map<string, number>;
  /** Whether the token broker was silent when it was asked last; undefined: it has not been asked yet. */
  brokerSilent: boolean | undefined;
  origin: EventOrigin;
  logger: Logger;
  /** The service's clock: due times are compared with it, leases never. */
  now: () => Date;
  /** Something was written to the outbox. */
  wakeOutbox: () => void;
  /** Users or setups have changed: apps may be behind. */
  wakeWorkers: () => void;
  settings: PusherEnv['push'];
};
