import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup,
  type UpdateSetupRequest,
  type UpdateSetupResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { updatableSetup } from '../domain/updatable.ts';
import { checkPaths, pathsOf } from '../domain/update-mask.ts';
import { changeSetup } from './change-setup.ts';
import type { OutageReason } from './errors.ts';
import { checkEtag, checkRequestId, checkSetupName } from './violations.ts';

export async function updateSetup(
  ctx: ConfigContext,
  request: UpdateSetupRequest,
  call: CallContext,
): Promise<UpdateSetupResponse> {
  const { wanted, paths } = readUpdate(request);
  return changeSetup(ctx, call, ConfigServiceService.updateSetup, request, {
    name: wanted.name,
    etag: wanted.etag,
    wanted,
    paths,
    violations: [
      ...checkSetupName('setup.name', wanted.name),
      ...checkEtag('setup.etag', wanted.etag),
      ...checkRequestId(request.requestId),
      ...checkPaths(updatableSetup, paths),
    ],
    fieldOf: (field) => field,
  });
}

/** What could not be done when the store does not answer an update. */
export function outageReasonOf(request: UpdateSetupRequest): OutageReason {
  const { paths } = readUpdate(request);
  const allIn = (...heads: string[]) => paths.length > 0 && paths.every((path) => heads.includes(path.split('.')[0]!));
  if (allIn('attribute_mapping', 'mapping_tests')) return 'UPDATE_MAPPING_FAILED';
  if (allIn('scope', 'pushed_groups')) return 'UPDATE_GROUPS_FAILED';
  if (allIn('deprovisioning')) return 'UPDATE_DEPROVISIONING_FAILED';
  return 'UPDATE_FAILED';
}

function readUpdate({ setup, updateMask }: UpdateSetupRequest) {
  const wanted = setup ?? ProvisioningSetup.fromPartial({});
  return { wanted, paths: pathsOf(updatableSetup, wanted, updateMask) };
}
