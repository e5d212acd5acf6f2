import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, inTransaction } from '@autoprov/postgres';
import type { ReporterContext } from './context.ts';
import { presentFailure } from './domain/failure.ts';
import {
  changeSince,
  decidePublication,
  type DueFailure,
  type EmailAnswer,
  type Publication,
} from './domain/publication.ts';
import { findDueFailures, savePublications } from './store/publication.ts';

/** As many as one BatchGetUsers takes. */
const PAGE_SIZE = 500;
const DIRECTORY_TIMEOUT_MS = 5_000;

/** Publishes every failure that changed, with its person's address where the directory says it. */
export async function publishDueFailures(ctx: ReporterContext, signal: AbortSignal): Promise<void> {
  let more = true;
  while (more && !signal.aborted) {
    const due = await findDueFailures(ctx.pool, ctx.now(), PAGE_SIZE);
    const answers = await askForEmails(ctx, due);
    const decided = due.map((failure) => ({ failure, publication: decide(ctx, failure, answers) }));
    await store(ctx, decided);
    more = due.length === PAGE_SIZE;
  }
}

function decide(ctx: ReporterContext, failure: DueFailure, answers: Map<string, EmailAnswer>): Publication {
  return decidePublication(failure, answers.get(failure.user), ctx.now());
}

async function store(
  ctx: ReporterContext,
  decided: { failure: DueFailure; publication: Publication }[],
): Promise<void> {
  if (decided.length === 0) return;
  await inTransaction(ctx.pool, async (tx) => {
    const stored = await savePublications(
      tx,
      decided.map(({ publication }) => publication),
    );
    const published = decided.filter(({ publication }) => publication.published && stored.has(publication.name));
    await addToOutbox(
      tx,
      published.map(({ failure, publication: { seq, primaryEmail } }) =>
        toCloudEvent(ctx.origin, {
          kind: 'failure',
          message: presentFailure({ ...failure, seq, primaryEmail }),
          change: changeSince(failure.publishedState, failure.state),
        }),
      ),
    );
  });
  ctx.relay.wake();
}

/** What the directory says of the failures' persons, by user name. It is not asked again after it once did not answer. */
async function askForEmails(ctx: ReporterContext, due: DueFailure[]): Promise<Map<string, EmailAnswer>> {
  const answers = new Map<string, EmailAnswer>();
  let reachable = true;
  for (const [parent, failures] of Map.groupBy(
    due.filter(({ user }) => user),
    ({ customer }) => customer,
  )) {
    const names = [...new Set(failures.map(({ user }) => user))];
    const emails: Map<string, string> | undefined = reachable ? await fetchEmails(ctx, parent, names) : undefined;
    reachable = emails !== undefined;
    for (const name of names) answers.set(name, emails ? { found: emails.get(name) ?? '' } : 'unreachable');
  }
  return answers;
}

/** @returns the addresses of those that are known; undefined: no answer */
async function fetchEmails(
  ctx: ReporterContext,
  parent: string,
  names: string[],
): Promise<Map<string, string> | undefined> {
  try {
    const { users } = await ctx.directory.batchGetUsers({ parent, names }, { timeoutMs: DIRECTORY_TIMEOUT_MS });
    return new Map(users.map(({ name, primaryEmail }) => [name, primaryEmail]));
  } catch (err) {
    ctx.logger.warn(
      { err, customer: parent },
      'addresses not found: failures are published without, and asked for again',
    );
    return undefined;
  }
}
