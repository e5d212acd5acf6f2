import type { CallContext } from '@autoprov/grpc';
import type { ProvisioningSetup, Template, UpdateSetupResponse } from '@autoprov/proto';
import { checkChangedSetup } from '../checks/before-save.ts';
import type { ConfigContext } from '../context.ts';
import { checkForTemplate } from '../domain/check-for-template.ts';
import { checkSetup, type Violation } from '../domain/check-setup.ts';
import { asksTheSame, updatedSetup } from '../domain/setup.ts';
import { updatableSetup } from '../domain/updatable.ts';
import { isChanged } from '../domain/update-mask.ts';
import { saveSetup, type Occasion } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { lockSetup } from './lock-setup.ts';
import { templateOf } from './template-of.ts';
import { refuseViolations } from './violations.ts';
import { writeOnce, type Method } from './write-once.ts';

/** What is to become of a setup. */
export type SetupUpdate = {
  name: string;
  etag: string;
  /** Holds what to store. */
  wanted: ProvisioningSetup;
  /** Which fields of it to store, as paths of an update mask. */
  paths: readonly string[];
  /** What is wrong with the rest of the request. */
  violations: readonly Violation[];
  /** How the request names a field of the setup such as `setup.scope`. */
  fieldOf: (field: string) => string;
  occasion?: Occasion;
};

/**
 * Changes a setup, for every method that does: what is changed is checked by itself, then together with what is stored;
 * all of it is stored, or nothing. What changes nothing takes no revision.
 */
export async function changeSetup<Request extends { requestId: string; validateOnly: boolean }>(
  ctx: ConfigContext,
  call: CallContext,
  method: Method<Request, UpdateSetupResponse>,
  request: Request,
  { name, etag, wanted, paths, violations, fieldOf, occasion }: SetupUpdate,
): Promise<UpdateSetupResponse> {
  const refused = (found: Violation[]) => found.filter(({ field }) => isChanged(updatableSetup, field, paths));
  refuseViolations([...violations, ...refused(checkSetup(wanted, ctx.allowedHosts))], fieldOf);
  const change = (current: ProvisioningSetup, template: Template) => updatedSetup(current, wanted, paths, template);
  const checks = await checkChangedSetup(ctx, call, { name, etag, change, fieldOf });
  return writeOnce(ctx, call, method, request, async (tx) => {
    const { setup: current, scim, defaults, app } = await lockSetup(tx, { name, etag }, 'STALE_SETUP_MISSING');
    const template = templateOf(ctx, app);
    const setup = change(current, template);
    // Once more as a whole: a part that is right by itself can contradict what is stored, or what the app can do.
    const whole = [
      ...checkSetup(setup, ctx.allowedHosts),
      ...checkForTemplate(setup, { template, defaults, allowedHosts: ctx.allowedHosts }),
    ];
    refuseViolations(refused(whole), fieldOf);
    if (request.validateOnly || asksTheSame(setup, current)) return { setup, checks };
    return { setup: await saveSetup(tx, app, { setup, scim }, authorshipOf(ctx, call), occasion), checks };
  });
}
