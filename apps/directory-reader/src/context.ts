import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { OutboxRelay, Pool } from '@autoprov/postgres';
import type { ConfigServiceService, TokenBrokerServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';
import type { RequestBudget } from './request-budget.ts';

/** What the code of this service may use. */
export type ReaderContext = {
  pool: Pool;
  logger: Logger;
  /** For due times and what people are told; what is ordered goes by the database's clock. */
  now: Clock;
  config: RpcClient<typeof ConfigServiceService>;
  tokenBroker: RpcClient<typeof TokenBrokerServiceService>;
  outbox: Pick<OutboxRelay, 'wake'>;
  origin: EventOrigin;
  /** For so long config may be silent before that is a failure (25005). */
  configSilenceMs: number;
  /** Between two reads of a customer. */
  pollIntervalMs: number;
  /** For how long one request to Google is tried again. */
  retryBudgetMs: number;
  googleRootUrl: string | undefined;
  /** Of this customer; one replica reads a customer at a time, so that it need not be shared. */
  budgetOf(customerId: string): RequestBudget;
  /** Looks for work at once. */
  wakeReads(): void;
};
