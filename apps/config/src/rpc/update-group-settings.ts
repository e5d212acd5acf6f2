import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup,
  type UpdateGroupSettingsRequest,
  type UpdateGroupSettingsResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { changeSetup } from './change-setup.ts';
import { checkSetupWrite, partField } from './violations.ts';

export async function updateGroupSettings(
  ctx: ConfigContext,
  request: UpdateGroupSettingsRequest,
  call: CallContext,
): Promise<UpdateGroupSettingsResponse> {
  const { name, etag, scope } = request;
  return changeSetup(ctx, call, ConfigServiceService.updateGroupSettings, request, {
    name,
    etag,
    wanted: { ...ProvisioningSetup.fromPartial({}), scope },
    paths: ['scope'],
    violations: checkSetupWrite(request),
    fieldOf: partField('scope'),
  });
}
