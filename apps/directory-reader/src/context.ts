import type { RpcClient } from '@autoprov/grpc';
import type { EventOrigin } from '@autoprov/kafka';
import type { OutboxRelay, Pool } from '@autoprov/postgres';
import type { ConfigServiceService, TokenBrokerServiceService } from '@autoprov/proto';
import type { Clock, Logger } from '@autoprov/service';
import type { PollBounds } from './domain/poll-interval.ts';
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
  /** For so long it is known when parts were not read whole. */
  historyKeptMs: number;
  /** Between two reads of a customer. */
  poll: PollBounds;
  /** For how long one request to Google is tried again. */
  retryBudgetMs: number;
  googleRootUrl: string | undefined;
  /** What may be asked of Google for one customer while it does not complain. */
  requestsPerMinute: number;
  /** Of this customer, shared by all replicas. */
  budgetOf(customerId: string): RequestBudget;
  /** Looks for work at once. */
  wakeReads(): void;
};
