import type { Registry } from 'prom-client';
import { field } from './env-fields.ts';
import { EnvError, parseEnv } from './env.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { createRegistry } from './metrics.ts';

/** What a process hands to its service. */
export type ServiceContext = { env: Record<string, string | undefined>; logger: Logger; registry: Registry };

/** A service that runs. `stop` finishes what is under way and closes what is open. */
export type RunningService = { stop(): Promise<void> };

const STOP_TIMEOUT_MS = 15_000;

/**
 * Runs a service as this process: the whole of a main.ts. `start` resolves when the service serves; SIGTERM and SIGINT
 * stop it, within 15 s. Whatever nobody caught ends the process at once with exit code 1: its state is then unknown.
 * With the argument `--migrate` it only brings the database up to date. LOG_LEVEL says from how grave on lines are logged.
 */
export async function runService(
  name: string,
  start: (context: ServiceContext) => Promise<RunningService>,
  { migrate }: { migrate?: (context: ServiceContext) => Promise<void> } = {},
): Promise<void> {
  const logger = createLogger({ service: name });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (err: unknown) => exitFailed(logger, err));
  }
  const signalled = firstStopSignal();
  const context: ServiceContext = { env: process.env, logger, registry: createRegistry() };
  try {
    logger.level = parseEnv({ LOG_LEVEL: field.logLevel }, process.env).LOG_LEVEL;
    if (process.argv.includes('--migrate')) {
      await migrate?.(context);
      logger.info('migrated');
      process.exit(0);
    }
    let service: RunningService | undefined;
    // What has not started yet has nothing under way: a signal ends it at once.
    void signalled.then(() => service ?? process.exit(0));
    service = await start(context);
    logger.info('service started');
    const signal = await signalled;
    logger.info({ signal }, 'service stopping');
    setTimeout(() => exitFailed(logger, new Error(`${name} did not stop in time`)), STOP_TIMEOUT_MS);
    await service.stop();
    logger.info('service stopped');
    process.exit(0);
  } catch (err) {
    exitFailed(logger, err);
  }
}

function firstStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // `on`, not `once`: a terminal and npm both pass on Ctrl-C, and the second must not end the process half-way.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
}

function exitFailed(logger: Logger, err: unknown): never {
  // For the person at the terminal: a list of variables reads better outside JSON.
  if (err instanceof EnvError) process.stderr.write(`${err.message}\n`);
  else logger.fatal({ err }, 'service failed');
  process.exit(1);
}
