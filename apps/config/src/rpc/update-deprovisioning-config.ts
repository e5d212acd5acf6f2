import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup,
  type UpdateDeprovisioningConfigRequest,
  type UpdateDeprovisioningConfigResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { changeSetup } from './change-setup.ts';
import { checkSetupWrite, partField } from './violations.ts';

export async function updateDeprovisioningConfig(
  ctx: ConfigContext,
  request: UpdateDeprovisioningConfigRequest,
  call: CallContext,
): Promise<UpdateDeprovisioningConfigResponse> {
  const { name, etag, deprovisioning } = request;
  return changeSetup(ctx, call, ConfigServiceService.updateDeprovisioningConfig, request, {
    name,
    etag,
    wanted: { ...ProvisioningSetup.fromPartial({}), deprovisioning },
    paths: ['deprovisioning'],
    violations: checkSetupWrite(request),
    fieldOf: partField('deprovisioning'),
  });
}
