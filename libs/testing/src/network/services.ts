import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExampleDirectory } from '../directory/server.ts';
import type { Certificates } from '../infra/certificates.ts';
import { freePort } from '../infra/free-port.ts';
import { startGate, type Gate } from '../infra/gate.ts';
import { serviceDatabaseUrl } from './database.ts';
import type { Engines } from './engines.ts';
import type { Network, NetworkOptions, Undo } from './network.ts';
import { keepSecret } from './outside-world.ts';
import { serviceEnvironment, serviceNames } from './service-environment.ts';
import type { ServiceName } from './service-environment.ts';
import { ServiceProcess } from './service-process.ts';
import { explainEnd, spawnLogged } from './spawn-logged.ts';
import type { Program } from './spawn-logged.ts';

/** What services are told of their network. */
export type ServiceSurroundings = {
  engines: Engines;
  certificates: Certificates;
  directory: Pick<ExampleDirectory, 'url' | 'tokenUrl'>;
  addresses: Record<ServiceName, string>;
  ports: Record<ServiceName | `${ServiceName} metrics`, number>;
};

/** Brings the database up to date and starts the five services; resolves when all are ready. */
export async function startServices(
  options: NetworkOptions,
  surroundings: ServiceSurroundings,
  undo: Undo,
): Promise<{ services: Record<ServiceName, ServiceProcess> } & Pick<Network, 'databaseGates' | 'addReplica'>> {
  const { dir, clockOffsetMs = 0, env = {}, onTrouble = console.warn } = options;
  const { engines, ports } = surroundings;
  await Promise.all(serviceNames.map((service) => migrateService(dir, service, engines.databaseUrl)));
  const databaseGates = await startGates(options, engines.databaseUrl, undo);
  const common = {
    ...surroundings,
    databaseUrlOf: (service: ServiceName) =>
      throughGate(serviceDatabaseUrl(engines.databaseUrl, service), databaseGates[service]),
    kafka: engines.kafka,
    secretsKey: keepSecret(join(dir, 'secrets-key'), () => randomBytes(32).toString('base64')),
    clockOffsetMs,
  };
  function makeProcess(service: ServiceName, name: string, at = common): ServiceProcess {
    const program = programOf(dir, service, { ...serviceEnvironment(service, at), ...env[service] });
    const readyUrl = `http://127.0.0.1:${at.ports[`${service} metrics`]}/readyz`;
    return new ServiceProcess({ ...program, name }, readyUrl, onTrouble);
  }
  const services = mapServices((service) => makeProcess(service, service));
  const all: ServiceProcess[] = Object.values(services);
  undo.push(() => Promise.all(all.map((service) => service.stop())));
  await Promise.all(all.map((service) => service.start()));
  return {
    services,
    databaseGates,
    async addReplica(service) {
      const ownPorts = { ...ports, [service]: await freePort(), [`${service} metrics`]: await freePort() };
      const replica = makeProcess(service, `${service}-${all.length}`, { ...common, ports: ownPorts });
      all.push(replica);
      await replica.start();
      return replica;
    },
  };
}

async function startGates(
  { gatedDatabases = [] }: NetworkOptions,
  databaseUrl: string,
  undo: Undo,
): Promise<Network['databaseGates']> {
  const { hostname: host, port } = new URL(databaseUrl);
  const gates: Network['databaseGates'] = {};
  for (const service of gatedDatabases) {
    const gate = await startGate({ host, port: Number(port) || 5432 });
    undo.push(() => gate.stop());
    gates[service] = gate;
  }
  return gates;
}

function throughGate(databaseUrl: string, gate: Gate | undefined): string {
  if (!gate) return databaseUrl;
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${gate.port}`;
  return url.href;
}

/** A value for each service. */
export function mapServices<Value>(valueOf: (service: ServiceName) => Value): Record<ServiceName, Value> {
  return Object.fromEntries(serviceNames.map((service) => [service, valueOf(service)])) as Record<ServiceName, Value>;
}

async function migrateService(dir: string, service: ServiceName, adminUrl: string): Promise<void> {
  const { script, args } = programOf(dir, service, {});
  const env = { DATABASE_ADMIN_URL: adminUrl };
  const migration = { name: `${service}-migrate`, script, args: ['--migrate', ...args], env, dir };
  const [code] = (await once(await spawnLogged(migration), 'exit')) as [number | null];
  if (code !== 0) throw new Error(explainEnd(`the database of ${service} could not be brought up to date`, migration));
}

/** The last argument does nothing: it shows whoever looks at the processes which network one belongs to. */
function programOf(dir: string, service: ServiceName, env: Record<string, string>): Program {
  return { name: service, script: `apps/${service}/dist/main.js`, args: [`--network=${dir}`], env, dir };
}
