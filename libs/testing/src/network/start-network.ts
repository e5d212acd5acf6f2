import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { examplePeople } from '../directory/example-people.ts';
import { createCertificates } from '../infra/certificates.ts';
import { claimFolder } from './claim-folder.ts';
import { createClients } from './clients.ts';
import { openEngines } from './engines.ts';
import { undoAll } from './network.ts';
import type { Network, NetworkOptions, Undo } from './network.ts';
import { startOutsideWorld } from './outside-world.ts';
import { choosePorts } from './ports.ts';
import { addressVariables, serviceNames } from './service-environment.ts';
import type { ServiceName } from './service-environment.ts';
import { mapServices, startServices } from './services.ts';
import { settle } from './settle.ts';
import { readLastTroubles } from './spawn-logged.ts';

/**
 * Starts everything, each service as a process of its own, and resolves when all are ready.
 *
 * @throws MissingPrerequisiteError when the machine lacks something
 */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const undo: Undo = [];
  try {
    return await start({ ...options, dir: resolve(options.dir) }, undo);
  } catch (err) {
    await undoAll(undo);
    throw err;
  }
}

async function start(options: NetworkOptions, undo: Undo): Promise<Network> {
  const { dir, people = examplePeople(), clockOffsetMs = 0, onProgress = () => {} } = options;
  undo.push(claimFolder(dir));
  rmSync(join(dir, 'logs'), { recursive: true, force: true });
  const ports = await choosePorts(portNames, join(dir, 'ports.json'));
  const certificates = await createCertificates(join(dir, 'tls'), [...serviceNames, 'cli']);
  const engines = await openEngines(options, undo);
  onProgress('an example directory and a service provider');
  const world = await startOutsideWorld({ ...options, people }, { ports, certificates }, undo);
  onProgress('five services');
  // Called by name: TLS has no server name for an address.
  const addresses = mapServices((service) => `localhost:${ports[service]}`);
  const surroundings = { ports, engines, certificates, directory: world.directory, addresses };
  const { services, databaseGates, addReplica } = await startServices(options, surroundings, undo);

  const tls = certificates.services['cli']!;
  const clients = createClients(addresses, tls);
  undo.push(() => Object.values(clients).forEach((client) => client.close()));
  const { kafka, pool, databaseUrl } = engines;
  return {
    ...world,
    dir,
    databaseUrl,
    kafka,
    addresses,
    clients,
    cliEnvironment: {
      ...addressVariables(addresses),
      TLS_CA_FILE: tls.caFile,
      TLS_CERT_FILE: tls.certFile,
      TLS_KEY_FILE: tls.keyFile,
    },
    people,
    databaseGates,
    addReplica,
    pids: () => mapServices((service) => services[service].pid),
    kill: (service, signal = 'SIGKILL') => services[service].kill(signal),
    async restart(service) {
      await services[service].stop();
      await services[service].start();
    },
    async settle(how) {
      try {
        await settle({ clients, kafka, pool, clockOffsetMs }, how);
      } catch (cause) {
        // Where the logs are gone with the machine, this is all that is left to find the reason.
        throw new Error(`${(cause as Error).message}; the last troubles are\n${readLastTroubles(dir)}`, { cause });
      }
    },
    peakMemoryMb: () => ({
      ...mapServices((service) => services[service].peakMemoryMb()),
      'service-provider': world.serviceProvider.peakMemoryMb(),
    }),
    stop: () => undoAll(undo),
  };
}

const portNames = [
  ...serviceNames,
  ...serviceNames.map((service): `${ServiceName} metrics` => `${service} metrics`),
  'directory',
  'service-provider',
] as const;
