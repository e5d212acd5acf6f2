import type { RpcClient } from '@autoprov/grpc';
import type { Pool } from '@autoprov/postgres';
import type { DirectoryServiceService, PushServiceService, Template, TokenBrokerServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';

/** What handlers may use. */
export type ConfigContext = {
  pool: Pool;
  tokenBroker: RpcClient<typeof TokenBrokerServiceService>;
  directory: RpcClient<typeof DirectoryServiceService>;
  push: RpcClient<typeof PushServiceService>;
  /** The app catalogue by name (`templates/{template}`), in the order of names. */
  templates: ReadonlyMap<string, Template>;
  /** Hosts (`host` or `host:port`) that an endpoint may have although they are not public. */
  allowedHosts: readonly string[];
  now: Clock;
  logger: Logger;
  /** A setup was deleted: its access is to be withdrawn. */
  wakeRevocations(): void;
};
