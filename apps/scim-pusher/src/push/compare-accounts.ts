import { ComparisonPolicy_Action } from '@autoprov/proto';
import { isObject, readId, type JsonObject } from '@autoprov/scim';
import { findDrift } from '../domain/compare-account.ts';
import { foundAs, judgeDrift, type Compared, type Finding } from '../domain/judge-drift.ts';
import type { Account, AppSetup } from '../domain/model.ts';
import { findLinkedAccounts } from '../store/accounts.ts';
import { hasPeopleToDecide, saveCompareAt } from '../store/apps.ts';
import {
  askComparison,
  findRunningComparison,
  saveBeginning,
  saveEnd,
  saveProgress,
  type RunningComparison,
} from '../store/comparisons.ts';
import {
  countMissing,
  findRepaired,
  listUnseen,
  saveFindings,
  saveFound,
  saveRepaired,
  saveUnlinked,
  wakeMissing,
} from '../store/findings.ts';
import { countSurveyedAccounts, saveSurveyedAccounts } from '../store/surveyed-accounts.ts';
import { listAccounts, type ListedAccount, type ListPosition } from './list-accounts.ts';
import { isDown, noteFailure, type Pass } from './pass.ts';
import type { ScimFailure } from './scim-failure.ts';
import { saysVanished } from './vanished.ts';

const hourMs = 3_600_000;
/** Linked accounts that the list does not show are asked for in batches of this size, and no more than that many in all. */
const unseenBatch = 20;
const maxMissing = 1_000;

/** How a step ended: `complaint` says why the list is not to be believed. */
type Ended = { complaint?: string };

/**
 * Compares the app's accounts with what the service provider holds, if it is time or somebody has asked. Gives way after
 * each page when people are to be decided: the next pass goes on where this one stopped.
 */
export async function compareAccounts(pass: Pass): Promise<void> {
  if (pass.down) return;
  await planNext(pass);
  const comparison = await openComparison(pass);
  if (!comparison) return;
  const listed = await compareList(pass, comparison);
  const known = listed?.complaint === undefined ? listed && (await confirmUnseen(pass, comparison)) : listed;
  if (known) await end(pass, comparison, known.complaint);
}

/** Apps are spread over their interval, so that not all service providers are read at the same time. */
async function planNext({ app, work, ctx, write }: Pass): Promise<void> {
  const now = ctx.now().getTime();
  const intervalMs = intervalMsOf(app);
  const { compareAt } = work;
  const fits = intervalMs === 0 ? !compareAt : compareAt && compareAt.getTime() <= now + intervalMs;
  if (fits) return;
  const next = intervalMs === 0 ? undefined : new Date(now + Math.random() * intervalMs);
  await write((tx) => saveCompareAt(tx, app, next));
}

/** The comparison that goes on. One that began with another revision of the setup begins afresh. */
async function openComparison({ ctx, app, work, write }: Pass): Promise<RunningComparison | undefined> {
  const now = ctx.now();
  const isTime = work.compareAt !== undefined && work.compareAt <= now && intervalMsOf(app) > 0;
  if (!isTime && !work.hasComparison) return undefined;
  if (isTime) await write((tx) => askComparison(tx, app));
  const running = await findRunningComparison(ctx.pool, app);
  if (!running || running.setupRevision === app.revision) return running;
  await write((tx) => saveBeginning(tx, running, app.revision, now));
  return findRunningComparison(ctx.pool, app);
}

/** undefined: it goes on in another pass, for others go first, or the service provider is down. */
async function compareList(pass: Pass, comparison: RunningComparison): Promise<Ended | undefined> {
  const { startIndex, pageCount, accountCount, charCount, totalResults } = comparison;
  const at: ListPosition = {
    startIndex,
    pageCount,
    accountCount,
    charCount,
    ...(totalResults !== undefined && { totalResults }),
  };
  const pages = listAccounts(pass.scim, pass.app.profile, pass.ctx.settings.listMaxAccounts, at);
  let page = await pages.next();
  while (!page.done) {
    const kept = await comparePage(pass, comparison, at, page.value);
    if (!kept || (kept.count > 0 && (await mustGiveWay(pass)))) return undefined;
    page = await pages.next(kept);
  }
  const { whole, failure } = page.value;
  if (failure) {
    return isOver(pass, failure) ? undefined : { complaint: `the list of accounts broke off: ${wordsOf(failure)}` };
  }
  if (!whole) return { complaint: 'the list of accounts is no SCIM list, or has no end: see LIST_MAX_ACCOUNTS' };
  if (at.totalResults !== undefined && at.accountCount < at.totalResults) {
    const complaint = `the service provider listed ${at.accountCount} accounts and says that there are ${at.totalResults}`;
    return { complaint };
  }
  const heldCount = await countSurveyedAccounts(pass.ctx.pool, { surveyId: comparison.comparisonId });
  if (heldCount < at.accountCount) {
    return { complaint: 'what was listed first was lost before the end, by a crash or after a day: compare once more' };
  }
  return {};
}

/** Compares a page and stores it with what was found. undefined: the service provider is down, and the page is not stored. */
async function comparePage(
  pass: Pass,
  comparison: RunningComparison,
  at: ListPosition,
  page: readonly ListedAccount[],
): Promise<{ count: number; chars: number } | undefined> {
  const { app, ctx } = pass;
  const byId = new Map(page.map((resource) => [resource.id, resource]));
  const linked = await findLinkedAccounts(ctx.pool, app, [...byId.keys()]);
  // Of an account whose last write has no known end nobody knows what it should hold.
  const known = linked.filter(({ accepted, writeBegunAt }) => accepted && !writeBegunAt);
  const compared: Compared[] = [];
  for (const account of known) {
    const found = await compareOne(pass, comparison, account, byId.get(account.scimId!)!);
    if (pass.down) return undefined;
    if (found) compared.push(found);
  }
  const repaired = await findRepaired(
    ctx.pool,
    app,
    known.map(({ userId }) => userId),
  );
  return pass.write(async (tx) => {
    const kept = await saveSurveyedAccounts(tx, { ...app, surveyId: comparison.comparisonId }, page);
    comparison.comparedCount += compared.length;
    for (const one of compared) {
      const before = repaired.get(one.account.userId) ?? [];
      const { findings, due } = judgeDrift(one, { repairs: isRepairing(app), repaired: before, now: ctx.now() });
      await saveFindings(tx, comparison, findings);
      const held = before.filter((attribute) => one.drifts.some((drift) => drift.attribute === attribute));
      const repairs = [...held, ...due.map(({ attribute }) => attribute)];
      if (repairs.length + before.length > 0) await saveRepaired(tx, app, one.account.userId, repairs);
      if (due.length > 0) await saveFound(tx, app, one.account, foundAs(one.account, due), ctx.now());
    }
    const accountCount = at.accountCount + kept.count;
    await saveProgress(tx, { ...comparison, ...at, accountCount, charCount: at.charCount + kept.chars });
    return kept;
  });
}

/**
 * What of an account is not as accepted. The list alone is no proof: the account itself is asked, and an attribute that the
 * list shows otherwise is not compared from then on. undefined: it is not there any more, or can't be read.
 */
async function compareOne(
  pass: Pass,
  comparison: RunningComparison,
  account: Account,
  listed: JsonObject,
): Promise<Compared | undefined> {
  const rows = pass.app.setup.attributeMapping?.rows ?? [];
  const driftOf = (resource: JsonObject) => findDrift(rows, account.accepted!, resource);
  const suspected = driftOf(listed).filter(({ attribute }) => !comparison.unlistedAttributes.includes(attribute));
  if (suspected.length === 0) return { account, drifts: [], resource: listed };
  const answer = await pass.scim.send('GET', `/Users/${encodeURIComponent(account.scimId!)}`);
  if (!answer.ok) {
    isOver(pass, answer.failure);
    return undefined;
  }
  const resource = answer.body;
  if (!isObject(resource) || readId(resource) !== account.scimId) return undefined;
  const drifts = driftOf(resource);
  const shown = new Set(drifts.map(({ attribute }) => attribute));
  comparison.unlistedAttributes.push(...suspected.map(({ attribute }) => attribute).filter((name) => !shown.has(name)));
  return { account, drifts, resource };
}

/**
 * Asks for each linked account that was not listed: it is missing only where the service provider says so.
 * undefined as above.
 */
async function confirmUnseen(pass: Pass, comparison: RunningComparison): Promise<Ended | undefined> {
  for (;;) {
    const unseen = await listUnseen(pass.ctx.pool, comparison, unseenBatch);
    if (unseen.length === 0) return {};
    if ((await countMissing(pass.ctx.pool, comparison)) >= maxMissing) {
      const complaint = `more than ${maxMissing} linked accounts are not there: check that the endpoint is still the same tenant`;
      return { complaint };
    }
    const findings: Finding[] = [];
    for (const one of unseen) {
      const answer = await pass.scim.send('GET', `/Users/${encodeURIComponent(one.scimId)}`);
      if (answer.ok)
        return { complaint: `the account ${one.scimId} is there, and the service provider did not list it` };
      if (isOver(pass, answer.failure)) return undefined;
      if (!saysVanished(answer.failure)) {
        return {
          complaint: `whether the account ${one.scimId} is there could not be read: ${wordsOf(answer.failure)}`,
        };
      }
      findings.push({ kind: 'missing', attribute: '', ...one });
    }
    await pass.write((tx) => saveFindings(tx, comparison, findings));
    if (await mustGiveWay(pass)) return undefined;
  }
}

async function end(pass: Pass, comparison: RunningComparison, complaint: string | undefined): Promise<void> {
  const { app, ctx } = pass;
  const now = ctx.now();
  const intervalMs = intervalMsOf(app);
  const repairs = isRepairing(app);
  const complete = complaint === undefined;
  await pass.write(async (tx) => {
    if (complete) await saveUnlinked(tx, comparison);
    if (complete && repairs) await wakeMissing(tx, comparison, now);
    await saveEnd(tx, comparison, { complete, explanation: complaint ?? '', repairs, now });
    await saveCompareAt(tx, app, intervalMs > 0 ? new Date(now.getTime() + intervalMs) : undefined);
  });
}

async function mustGiveWay(pass: Pass): Promise<boolean> {
  await pass.assertGoesOn();
  return hasPeopleToDecide(pass.ctx.pool, pass.app, pass.ctx.now());
}

/** Whether the service provider as a whole is down: then the comparison goes on when it answers again. */
function isOver(pass: Pass, failure: ScimFailure): boolean {
  if (isDown(failure)) noteFailure(pass, failure);
  return pass.down !== undefined;
}

function isRepairing({ setup }: AppSetup): boolean {
  return setup.comparison?.action === ComparisonPolicy_Action.ACTION_REPAIR;
}

function intervalMsOf({ setup }: AppSetup): number {
  return (setup.comparison?.intervalHours ?? 0) * hourMs;
}

function wordsOf({ code, reason, detail }: ScimFailure): string {
  return [code, reason, detail].filter(Boolean).join(' ');
}
