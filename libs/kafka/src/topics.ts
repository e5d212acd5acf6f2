/** A topic as it is made when it is missing. Replication follows the cluster: see ensureTopics. */
export type TopicSpec = { name: string; partitions: number; config: Record<string, string> };

/** The names of our topics, without the installation's prefix. */
export const topics = {
  /** Internal, binary: what the directory-reader saw, as whole states. */
  users: 'autoprov.users.v1',
  /** Public: what happened to each push to a service provider. */
  outcomes: 'autoprov.outcomes.v1',
  /** Public: checks of any service that failed, or passed again. */
  checks: 'autoprov.checks.v1',
  /** Public: the latest state of every failure, by its name. */
  failures: 'autoprov.failures.v1',
} as const;

/** The settings of our topics. All records of one customer are in one partition, so `partitions` bounds the parallelism. */
export function topicSpecs({ partitions = 12 }: { partitions?: number } = {}): TopicSpec[] {
  return [
    { name: topics.users, partitions, config: deletedAfter(7) },
    { name: topics.outcomes, partitions, config: deletedAfter(14) },
    { name: topics.checks, partitions, config: deletedAfter(14) },
    // A consumer that was away for a week still meets the tombstones of that week.
    { name: topics.failures, partitions, config: { 'cleanup.policy': 'compact', 'delete.retention.ms': daysInMs(7) } },
  ];
}

function deletedAfter(days: number): Record<string, string> {
  return { 'cleanup.policy': 'delete', 'retention.ms': daysInMs(days) };
}

function daysInMs(days: number): string {
  return String(days * 24 * 3_600_000);
}
