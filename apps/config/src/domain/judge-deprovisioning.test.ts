import { expect, test } from '@jest/globals';
import { DeprovisioningAction, ScimProfile, SetupDefaults } from '@autoprov/proto';
import { setupWith } from '../setup.fixture.ts';
import { judgeDeprovisioning } from './judge-deprovisioning.ts';

const atOnce = { seconds: 0n, nanos: 0 };
const never = { suspendAfter: undefined, deleteAfter: undefined };
const neverSuspends = { outOfScope: never, suspended: never, archived: never, deleted: never };
const { DEPROVISIONING_ACTION_DELETE: DELETE, DEPROVISIONING_ACTION_SUSPEND: SUSPEND } = DeprovisioningAction;

type Wish = {
  policy?: object;
  defaults?: object;
  offered?: DeprovisioningAction[];
  scim?: Partial<ScimProfile>;
};

const judge = ({ policy, defaults, offered = [], scim = {} }: Wish) =>
  judgeDeprovisioning({
    setup: setupWith(policy && { deprovisioning: policy }),
    defaults: defaults && SetupDefaults.fromPartial({ deprovisioning: defaults }),
    template: { deprovisioningActions: offered },
    scim: ScimProfile.fromPartial(scim),
  });

test.each<[string, Wish, RegExp | undefined]>([
  ['nothing is special', {}, undefined],
  ['suspending is for good, and is the default', { scim: { suspendIsPermanent: true } }, /taken back/],
  [
    'suspending is for good, but nobody is suspended',
    { policy: neverSuspends, scim: { suspendIsPermanent: true } },
    undefined,
  ],
  ['deleting is for good, but nobody is deleted', { scim: { deleteIsPermanent: true } }, undefined],
  [
    'deleting is for good',
    { policy: { deleted: { deleteAfter: atOnce } }, scim: { deleteIsPermanent: true } },
    /made again/,
  ],
  [
    'deleting is for good, and the customer says so',
    { defaults: { deleted: { deleteAfter: atOnce } }, scim: { deleteIsPermanent: true } },
    /made again/,
  ],
  ['suspending is not offered', { offered: [DELETE] }, /leave out suspend_after/],
  [
    'deleting is not offered',
    { offered: [SUSPEND], policy: { suspended: { deleteAfter: atOnce } } },
    /leave out delete_after/,
  ],
])('%s', (_, wish, advice) => {
  const { verdict, message } = judge(wish);
  expect(verdict).toBe(advice ? 'advice' : 'passed');
  if (advice) expect(message).toMatch(advice);
});
