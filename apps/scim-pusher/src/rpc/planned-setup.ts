import { RpcError, status } from '@autoprov/grpc';
import { checkMapping, checkScopeFilter } from '@autoprov/mapping';
import type { PlanAppRequest } from '@autoprov/proto';
import type { AppSetup } from '../domain/model.ts';

/** The setup as a plan's request changes it; the same object where it changes nothing. Throws INVALID_ARGUMENT. */
export function withChanges(stored: AppSetup, request: PlanAppRequest): AppSetup {
  const { attributeMapping, scope, deprovisioning, guard } = request;
  const rows = attributeMapping?.rows ?? [];
  const fieldViolations = [
    ...(attributeMapping && rows.length === 0 ? [{ field: 'rows', description: 'is empty: send every row' }] : []),
    ...checkMapping(rows),
  ].map(({ field, description }) => ({ field: `attribute_mapping.${field}`, description }));
  for (const { description } of checkScopeFilter(scope?.filter ?? '')) {
    fieldViolations.push({ field: 'scope.filter', description });
  }
  if (fieldViolations.length > 0) {
    const message = 'the planned setup is wrong: correct the fields that are named';
    throw new RpcError(status.INVALID_ARGUMENT, 'INVALID_REQUEST', message, { fieldViolations });
  }
  if (!attributeMapping && !scope && !deprovisioning && !guard) return stored;
  const setup = {
    ...stored.setup,
    ...(attributeMapping && { attributeMapping }),
    ...(scope && { scope }),
    ...(deprovisioning && { deprovisioning }),
    ...(guard && { guard }),
  };
  return { ...stored, setup };
}
