export { freePort } from './infra/free-port.ts';
export { startKafka } from './infra/kafka.ts';
export type { LocalKafka } from './infra/kafka.ts';
export { MissingPrerequisiteError } from './infra/missing-prerequisite-error.ts';
export { startPostgres } from './infra/postgres.ts';
export type { LocalPostgres } from './infra/postgres.ts';
export { startInfra } from './infra/with-infra.ts';
export type { Infra } from './infra/with-infra.ts';
