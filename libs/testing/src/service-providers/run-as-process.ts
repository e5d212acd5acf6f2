import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ServiceProvider, ServiceProviderOptions } from './service-provider.ts';

/** The flags that every service provider's process takes: `--port N --cert FILE --key FILE --seed FILE`. */
const flags = {
  port: { type: 'string', default: '0' },
  cert: { type: 'string' },
  key: { type: 'string' },
  /** JSON. */
  seed: { type: 'string' },
  /** An SQLite file, better-auth only. */
  database: { type: 'string' },
  /** scimmy only. */
  'no-uniqueness': { type: 'boolean', default: false },
  /** scimmy only, in milliseconds. */
  lag: { type: 'string', default: '0' },
} as const;

/** What the command line says. `Seed` is trusted to be what the file holds. */
export type ProcessOptions<Seed> = ServiceProviderOptions & {
  seed?: Seed;
  databaseFile?: string;
  uniqueness: boolean;
  lagMs: number;
};

/**
 * Runs a service provider as a process of its own until SIGTERM. The token comes from SCIM_TOKEN, or is made. The first
 * line on stdout is JSON: `{ baseUrl, token }`.
 */
export async function runAsProcess<Seed>(start: (options: ProcessOptions<Seed>) => Promise<ServiceProvider>) {
  const { values } = parseArgs({ options: flags });
  const read = (file: string) => readFileSync(file, 'utf8');
  const token = process.env['SCIM_TOKEN'];
  const provider = await start({
    port: Number(values.port),
    uniqueness: !values['no-uniqueness'],
    lagMs: Number(values.lag),
    ...(token && { token }),
    ...(values.database && { databaseFile: values.database }),
    ...(values.cert && values.key && { tls: { cert: read(values.cert), key: read(values.key) } }),
    ...(values.seed && { seed: JSON.parse(read(values.seed)) as Seed }),
  });
  process.once('SIGTERM', () => void provider.stop().catch((err: unknown) => console.error(err)));
  console.log(JSON.stringify({ baseUrl: provider.baseUrl, token: provider.token }));
}
