export { type CheckState, takeCheckSeq } from './checks.ts';
export { connect, type Db, Pool } from './connect.ts';
export { isTransient, isUnavailable, isUniqueViolation } from './errors.ts';
export {
  assertFence,
  type Lease,
  LeaseLostError,
  type LeaseRequest,
  releaseLease,
  renewLease,
  takeLease,
} from './leases.ts';
export type { Logger } from './logger.ts';
export { checkMigrated, migrate } from './migrate.ts';
export { roleName, roleUrl, schemaName } from './names.ts';
export { addToOutbox, type OutboxRecord, outboxStatus } from './outbox.ts';
export { type OutboxRelay, runOutboxRelay } from './outbox-relay.ts';
export { inTransaction, type Isolation } from './transaction.ts';
export { type HeldLease, withLease } from './with-lease.ts';
