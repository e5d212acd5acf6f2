import { rpcErrorOf, status, type CallContext } from '@autoprov/grpc';
import type { BrokerContext } from './context.ts';
import { failedPrecondition } from './rpc/errors.ts';

const TIMEOUT_MS = 2_000;

/**
 * Throws FAILED_PRECONDITION (25002) when config says that the app is not installed. When config does not answer, work goes
 * on: its outage must not become everybody's, and the pusher asks only for apps that it has a setup of.
 */
export async function requireInstalled(
  { config, logger }: BrokerContext,
  app: string,
  parent: CallContext,
): Promise<void> {
  try {
    await config.getApp({ name: app }, { timeoutMs: TIMEOUT_MS, parent });
  } catch (err) {
    if (rpcErrorOf(err).code === status.NOT_FOUND) {
      throw failedPrecondition('APP_NOT_INSTALLED', '25002', `${app} is not installed: install the app first`);
    }
    logger.warn({ err, app }, 'config does not say whether the app is installed: going on');
  }
}
