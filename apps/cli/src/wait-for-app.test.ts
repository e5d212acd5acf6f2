import { expect, test } from '@jest/globals';
import {
  GetAppStatusResponse,
  GetAppStatusResponse_State,
  ProvisioningSetup,
  ProvisioningSetup_State,
} from '@autoprov/proto';
import { judgeApp, type Look } from './wait-for-app.ts';

const inStep: Look = {
  status: {
    ...GetAppStatusResponse.fromPartial({ state: GetAppStatusResponse_State.STATE_IN_STEP }),
    setupRevision: 7n,
    readNo: 3n,
  },
  setup: { ...ProvisioningSetup.fromPartial({ state: ProvisioningSetup_State.STATE_ACTIVE }), revision: 7n },
  readNo: 3n,
  sinceReadMs: 0,
};
const withState = (state: GetAppStatusResponse_State): Look => ({ ...inStep, status: { ...inStep.status, state } });

test.each([
  ['in step with the read and the setup', inStep, 'done'],
  ['in step, but with an older read', { ...inStep, readNo: 4n }, 'waiting'],
  ['in step after a read that changed nothing', { ...inStep, readNo: 4n, sinceReadMs: 5_000 }, 'done'],
  ['in step, but with an older setup', { ...inStep, setup: { ...inStep.setup!, revision: 8n } }, 'waiting'],
  ['pushing', withState(GetAppStatusResponse_State.STATE_RUNNING), 'waiting'],
  ['waiting for a read', withState(GetAppStatusResponse_State.STATE_WAITING_FOR_READ), 'waiting'],
  ['backing off', withState(GetAppStatusResponse_State.STATE_BACKING_OFF), 'stopped'],
  ['in quarantine', withState(GetAppStatusResponse_State.STATE_QUARANTINED), 'stopped'],
  ['without a setup', { ...withState(GetAppStatusResponse_State.STATE_INACTIVE), setup: undefined }, 'done'],
] as const)('an app %s: %s', (_, look, verdict) => expect(judgeApp(look as Look)).toBe(verdict));
