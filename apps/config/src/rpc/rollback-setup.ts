import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  type ProvisioningSetup,
  type RollbackSetupRequest,
  type RollbackSetupResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { updatableSetup } from '../domain/updatable.ts';
import { findSetupRevision } from '../store/setup-revisions.ts';
import { changeSetup } from './change-setup.ts';
import { checkSetupWrite, parseSetupName, refuseViolations } from './violations.ts';

export async function rollbackSetup(
  ctx: ConfigContext,
  request: RollbackSetupRequest,
  call: CallContext,
): Promise<RollbackSetupResponse> {
  refuseViolations(checkSetupWrite(request));
  const { name, etag, revision } = request;
  return changeSetup(ctx, call, ConfigServiceService.rollbackSetup, request, {
    name,
    etag,
    // Revisions never change, so this one can be read before the setup is locked.
    wanted: await readRevision(ctx, name, revision),
    paths: [...updatableSetup.fields.keys()],
    violations: [],
    // The setup is not in the request: fields are named as in UpdateSetup.
    fieldOf: (field) => field,
    occasion: { rolledBackTo: revision },
  });
}

async function readRevision({ pool }: ConfigContext, name: string, revision: bigint): Promise<ProvisioningSetup> {
  const found = await findSetupRevision(pool, parseSetupName(name)!, revision);
  const advice = 'list the revisions for one with a setup';
  if (!found) refuseViolations([{ field: 'revision', description: `is no change of ${name}: ${advice}` }]);
  if (!found?.setup) refuseViolations([{ field: 'revision', description: `deleted the setup: ${advice}` }]);
  return found!.setup!;
}
