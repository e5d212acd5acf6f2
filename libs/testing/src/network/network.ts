import type { Kafka } from '@autoprov/kafka';
import type { ExamplePeople } from '../directory/example-people.ts';
import type { ExampleDirectory } from '../directory/server.ts';
import type { Gate } from '../infra/gate.ts';
import type { Infra } from '../infra/with-infra.ts';
import type { NetworkClients } from './clients.ts';
import type { ServiceName } from './service-environment.ts';
import type { ServiceProcess } from './service-process.ts';
import type { SettleOptions } from './settle.ts';
import type {
  ServiceProviderKind,
  ServiceProviderProcess,
  ServiceProviderProcessOptions,
} from './service-provider-process.ts';

/** How a service provider behaves that can behave in several ways. */
export type ServiceProviderChoice = Pick<ServiceProviderProcessOptions, 'withoutUniqueness' | 'lagMs'>;

/** How to start a network. */
export type NetworkOptions = {
  /** Gets data, certificates, secrets and logs. One network at a time. */
  dir: string;
  /** To run on, beside other networks: this one takes a database and a topic prefix of its own. Default: started in `dir`. */
  infra?: Pick<Infra, 'databaseUrl' | 'kafkaBrokers'>;
  /** Whom the directory holds. Default: 1,000 example people. */
  people?: ExamplePeople;
  /** Default: better-auth. It holds and demands what the people need to fail as they must. */
  serviceProvider?: { kind: ServiceProviderKind } & ServiceProviderChoice;
  /** Variables of services beside, or instead of, the usual ones. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Services that reach PostgreSQL through a gate, which `databaseGates` shuts. */
  gatedDatabases?: readonly ServiceName[];
  /** How far the clocks of all services are ahead. Default: 0. */
  clockOffsetMs?: number;
  /** Goes on where the last network in `dir` ended. Default: begins empty. */
  keepData?: boolean;
  /** Told what is being started, and of a step that takes long, what it does now. */
  onProgress?: (step: string, detail?: string) => void;
  /** Told, in a sentence, that something went wrong that nobody asked for. Default: console.warn. */
  onTrouble?: (sentence: string) => void;
};

/** A running network of real processes: engines, outside world and the five services. */
export type Network = {
  dir: string;
  /** The administrator's. */
  databaseUrl: string;
  kafka: Kafka;
  /** host:port of each service. */
  addresses: Record<ServiceName, string>;
  clients: NetworkClients;
  /** What `autoprov`, run as a process, needs to find the services. */
  cliEnvironment: Record<string, string>;
  people: ExamplePeople;
  directory: ExampleDirectory;
  /** The key that the directory accepts. */
  serviceAccountKeyFile: string;
  serviceProvider: ServiceProviderProcess;
  /** Starts one more, with nothing in it; it ends with the network. */
  startServiceProvider(
    name: string,
    kind: ServiceProviderKind,
    options?: ServiceProviderChoice,
  ): Promise<ServiceProviderProcess>;
  /** Between PostgreSQL and the services of `gatedDatabases`. */
  databaseGates: Partial<Record<ServiceName, Gate>>;
  /** Undefined for a service that is not running. */
  pids(): Record<ServiceName, number | undefined>;
  /** Ends a service, by SIGKILL unless said otherwise, and leaves it ended. */
  kill(service: ServiceName, signal?: NodeJS.Signals): Promise<void>;
  /** Starts a service that was killed; one that runs is stopped first. */
  restart(service: ServiceName): Promise<void>;
  /** Starts one more process of a service, which nobody calls: it shares the work. It ends with the network. */
  addReplica(service: ServiceName): Promise<ServiceProcess>;
  /** Has the directory read and waits until all that follows from it is done. */
  settle(options?: SettleOptions): Promise<void>;
  /** The most memory that each process has had, in MB. */
  peakMemoryMb(): Record<string, number>;
  stop(): Promise<void>;
};

/** What has to be undone, the last first, at the end or when a later step fails. */
export type Undo = (() => unknown)[];

/** Undoes everything. */
export async function undoAll(undo: Undo): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
}
