import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createClient, type TlsFiles } from '@autoprov/grpc';
import {
  ConfigServiceClient,
  DirectoryServiceClient,
  FailureServiceClient,
  PushServiceClient,
  TokenBrokerServiceClient,
} from '@autoprov/proto';
import { z } from '@autoprov/service';
import { CommandError, type Io } from './io.ts';

const NETWORK_FILE = join('.autoprov', 'network.json');
const addressVariables = {
  config: 'CONFIG_ADDRESS',
  'token-broker': 'TOKEN_BROKER_ADDRESS',
  'directory-reader': 'DIRECTORY_READER_ADDRESS',
  'scim-pusher': 'SCIM_PUSHER_ADDRESS',
  'failure-reporter': 'FAILURE_REPORTER_ADDRESS',
} as const;

type ServiceName = keyof typeof addressVariables;

/** Where the services are, and as whom they are called. */
export type Network = { addresses: Partial<Record<ServiceName, string>>; tls: TlsFiles | undefined };

const networkFile = z.object({
  services: z.partialRecord(z.enum(Object.keys(addressVariables) as [ServiceName]), z.string()),
  tls: z.object({ ca: z.string(), cert: z.string(), key: z.string() }).optional(),
});

/**
 * From the environment where it names a service, else from the nearest `.autoprov/network.json`, here or above, which
 * the local network writes. Paths in the file are relative to the folder that `.autoprov` is in.
 *
 * @throws CommandError
 */
export function findNetwork({ env, cwd }: Pick<Io, 'env' | 'cwd'>): Network {
  return networkOfEnv(env) ?? networkOfFile(cwd);
}

function networkOfEnv(env: Io['env']): Network | undefined {
  const addresses: Network['addresses'] = {};
  for (const [service, variable] of Object.entries(addressVariables)) {
    if (env[variable]) addresses[service as ServiceName] = env[variable];
  }
  if (Object.keys(addresses).length === 0) return undefined;
  const { TLS_CA_FILE: caFile, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = env;
  return { addresses, tls: caFile && certFile && keyFile ? { caFile, certFile, keyFile } : undefined };
}

function networkOfFile(cwd: string): Network {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, NETWORK_FILE);
    const text = readIfThere(file);
    if (text !== undefined) return readNetworkFile(text, file, folder);
    if (folder === dirname(folder)) break;
  }
  const variables = Object.values(addressVariables).join(', ');
  throw new CommandError(
    `no services found: start the local network with "npm start", or set ${variables}, TLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE`,
  );
}

function readNetworkFile(text: string, file: string, folder: string): Network {
  try {
    const { services, tls } = networkFile.parse(JSON.parse(text));
    const path = (name: string) => resolve(folder, name);
    return {
      addresses: services,
      tls: tls && { caFile: path(tls.ca), certFile: path(tls.cert), keyFile: path(tls.key) },
    };
  } catch {
    throw new CommandError(`${file} cannot be read: remove it and start the local network again with "npm start"`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw err;
  }
}

type Connection = { address: string; tls: TlsFiles | undefined; callerName: string };

/** The services of a network, each connected when it is first called, until `close`. */
export class Services {
  readonly #network: Network;
  readonly #clients = new Map<ServiceName, { close(): void }>();

  constructor(network: Network) {
    this.#network = network;
  }

  get config() {
    return this.#open('config', (at) => createClient(ConfigServiceClient, at));
  }
  get tokens() {
    return this.#open('token-broker', (at) => createClient(TokenBrokerServiceClient, at));
  }
  get directory() {
    return this.#open('directory-reader', (at) => createClient(DirectoryServiceClient, at));
  }
  get push() {
    return this.#open('scim-pusher', (at) => createClient(PushServiceClient, at));
  }
  get failures() {
    return this.#open('failure-reporter', (at) => createClient(FailureServiceClient, at));
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #open<Client extends { close(): void }>(service: ServiceName, connect: (at: Connection) => Client): Client {
    const known = this.#clients.get(service);
    if (known) return known as Client;
    const address = this.#network.addresses[service];
    if (!address) throw new CommandError(`it is not known where the ${service} is: set ${addressVariables[service]}`);
    const client = connect({ address, tls: this.#network.tls, callerName: 'cli' });
    this.#clients.set(service, client);
    return client;
  }
}

/** Runs `work` with the services that `findNetwork` finds, and closes what it opened. */
export async function withServices(io: Io, work: (services: Services) => Promise<void>): Promise<void> {
  const services = new Services(findNetwork(io));
  try {
    await work(services);
  } finally {
    services.close();
  }
}
