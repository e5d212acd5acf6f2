import type { Pool } from '@autoprov/postgres';
import type { Template } from '@autoprov/proto';
import type { Clock } from '@autoprov/service';

/** What handlers may use. */
export type ConfigContext = {
  pool: Pool;
  /** The app catalogue by name (`templates/{template}`), in the order of names. */
  templates: ReadonlyMap<string, Template>;
  /** Hosts (`host` or `host:port`) that an endpoint may have although they are not public. */
  allowedHosts: readonly string[];
  now: Clock;
};
