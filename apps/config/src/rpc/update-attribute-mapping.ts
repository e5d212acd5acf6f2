import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup,
  type UpdateAttributeMappingRequest,
  type UpdateAttributeMappingResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { changeSetup } from './change-setup.ts';
import { checkSetupWrite, partField } from './violations.ts';

export async function updateAttributeMapping(
  ctx: ConfigContext,
  request: UpdateAttributeMappingRequest,
  call: CallContext,
): Promise<UpdateAttributeMappingResponse> {
  const { name, etag, attributeMapping, mappingTests } = request;
  return changeSetup(ctx, call, ConfigServiceService.updateAttributeMapping, request, {
    name,
    etag,
    wanted: { ...ProvisioningSetup.fromPartial({}), attributeMapping, mappingTests },
    paths: ['attribute_mapping', 'mapping_tests'],
    violations: checkSetupWrite(request),
    fieldOf: partField('attribute_mapping'),
  });
}
