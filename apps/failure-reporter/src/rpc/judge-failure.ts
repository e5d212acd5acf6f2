import { RpcError, status, type CallContext } from '@autoprov/grpc';
import { toCloudEvent } from '@autoprov/kafka';
import { addToOutbox, inTransaction } from '@autoprov/postgres';
import { Check, Failure_State, failure_StateToJSON, type Failure } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { JUDGE, judgementOfCheck } from '../domain/fact.ts';
import { presentFailure } from '../domain/failure.ts';
import { applyJudgements } from '../settle-failures.ts';
import { findFailure } from '../store/failures.ts';
import { findJudgements } from '../store/judgements.ts';
import { failureNotFound, readFailureName } from './failure-name.ts';
import { readNote } from './note.ts';

/**
 * Dismisses a failure or opens it again. Both are checks, published on the topic of checks and folded as others are, so
 * a reporter that reads the topics again comes to the same.
 */
export async function judgeFailure(
  ctx: ReporterContext,
  { name, note, dismissed }: { name: string; note: string; dismissed: boolean },
  call: CallContext,
): Promise<{ failure: Failure }> {
  readFailureName(name);
  const found = await findFailure(ctx.pool, name);
  call.requireRole('operator', found?.customer || 'customers/-');
  if (!found) throw failureNotFound(name);
  const kept = readNote(note, dismissed ? 'must say why the failure may stay' : undefined);
  const failure = await inTransaction(ctx.pool, async (tx) => {
    const known = (await findJudgements(tx, [name])).get(name);
    const { code } = found;
    // Not before the failure opened, whatever the clocks say: the judgement is about what is open now.
    const occurTime = ctx.now() > found.updateTime! ? ctx.now() : found.updateTime;
    const check = Check.fromPartial({
      source: JUDGE,
      subject: name,
      seq: nextSeq(ctx.now(), known?.seq),
      occurTime,
      passed: dismissed,
      code,
      reason: dismissed ? 'DISMISSED' : 'REOPENED',
      detail: kept,
    });
    await applyJudgements(tx, [judgementOfCheck(check)!], ctx.now());
    const judged = (await findFailure(tx, name))!;
    const { STATE_DISMISSED, STATE_OPEN } = Failure_State;
    if (judged.state !== (dismissed ? STATE_DISMISSED : STATE_OPEN)) throw hasEnded(name, judged.state);
    await addToOutbox(tx, [toCloudEvent(ctx.origin, { kind: 'check', message: check })]);
    return presentFailure(judged);
  });
  ctx.relay.wake();
  ctx.wakePublishing();
  return { failure };
}

function nextSeq(now: Date, known: bigint | undefined): bigint {
  const seq = BigInt(now.getTime()) * 1000n;
  return known !== undefined && known >= seq ? known + 1n : seq;
}

function hasEnded(name: string, state: Failure_State): RpcError {
  const word = failure_StateToJSON(state).replace('STATE_', '').toLowerCase();
  const message = `${name} is ${word}: only what goes on failing is dismissed or opened again`;
  return new RpcError(status.FAILED_PRECONDITION, 'FAILURE_ENDED', message, { metadata: { name } });
}
