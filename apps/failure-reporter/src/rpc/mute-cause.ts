import type { FieldViolation } from '@autoprov/grpc';
import type { MuteCauseRequest, MuteCauseResponse } from '@autoprov/proto';
import type { ReporterContext } from '../context.ts';
import { deleteMute, saveMute } from '../store/mutes.ts';
import { invalidRequest, readQuestion } from './failure-question.ts';
import { readNote } from './note.ts';

const MUTE_DAYS_MAX = 90;

/** A cause that does not fail now can be muted, too: before what is known to be coming. */
export async function muteCause(ctx: ReporterContext, request: MuteCauseRequest): Promise<MuteCauseResponse> {
  const { parent: recipient, causeId, untilTime: endTime } = request;
  readQuestion({ parent: recipient });
  const violations = checkMute(request, ctx.now());
  if (violations.length > 0) throw invalidRequest(violations);
  const note = readNote(request.note, endTime && 'must say why nobody needs to be told');
  if (endTime) await saveMute(ctx.pool, { recipient, causeId, endTime, note });
  else await deleteMute(ctx.pool, recipient, causeId);
  return {};
}

function checkMute({ causeId, untilTime }: MuteCauseRequest, now: Date): FieldViolation[] {
  const violations: FieldViolation[] = [];
  if (!/^[0-9a-f]{16}$/.test(causeId)) {
    violations.push({ field: 'cause_id', description: 'must be the id of a cause, as ListCauses answers it' });
  }
  const latest = new Date(now.getTime() + MUTE_DAYS_MAX * 24 * 3_600_000);
  if (untilTime && !(untilTime > now && untilTime <= latest)) {
    const description = `must be after now, and at most ${MUTE_DAYS_MAX} days from now; leave it out to end a mute`;
    violations.push({ field: 'until_time', description });
  }
  return violations;
}
