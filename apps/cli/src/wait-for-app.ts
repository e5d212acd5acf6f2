import {
  GetAppStatusResponse_State,
  ProvisioningSetup_State,
  type GetAppStatusResponse,
  type ProvisioningSetup,
} from '@autoprov/proto';

/** What is known when an app is looked at. */
export type Look = {
  status: GetAppStatusResponse;
  /** As config has it; undefined: none. */
  setup: ProvisioningSetup | undefined;
  /** The read that was asked for. */
  readNo: bigint;
  /** For how long that read has been over. */
  sinceReadMs: number;
};

/** A read that changed nothing is announced to nobody: after so long without news from it, it was such a read. */
const QUIET_READ_MS = 5_000;

/**
 * Whether an app needs no more waiting for: `done` is in step or switched off, `stopped` needs somebody or a later time,
 * `waiting` goes on.
 */
export function judgeApp({ status, setup, readNo, sinceReadMs }: Look): 'done' | 'stopped' | 'waiting' {
  if (setup?.state !== ProvisioningSetup_State.STATE_ACTIVE) return 'done';
  const knowsSetup = status.setupRevision >= setup.revision;
  const knowsRead = status.readNo >= readNo || sinceReadMs >= QUIET_READ_MS;
  if (!knowsSetup || !knowsRead) return 'waiting';
  switch (status.state) {
    case GetAppStatusResponse_State.STATE_IN_STEP:
      return 'done';
    case GetAppStatusResponse_State.STATE_BACKING_OFF:
    case GetAppStatusResponse_State.STATE_QUARANTINED:
    case GetAppStatusResponse_State.STATE_HELD:
      return 'stopped';
    default:
      return 'waiting';
  }
}
