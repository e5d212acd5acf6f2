import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { OutboxRelay, Pool } from '@autoprov/postgres';
import type { ConfigServiceService, DirectoryServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';

/** What handlers and loops of this service may use. */
export type ReporterContext = {
  pool: Pool;
  relay: OutboxRelay;
  directory: RpcClient<DirectoryServiceService>;
  config: RpcClient<ConfigServiceService>;
  /** Has failures published that changed just now. */
  wakePublishing: () => void;
  /** Who publishes on failures.v1. */
  origin: EventOrigin;
  now: Clock;
  logger: Logger;
};
