import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type CreateCustomerRequest, type CreateCustomerResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { checkDefaults } from '../domain/check-defaults.ts';
import { findCustomer, insertCustomer } from '../store/customers.ts';
import { existsError } from './errors.ts';
import { presentCustomer } from './present.ts';
import { checkDisplayName, checkId, checkRequestId, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function createCustomer(
  ctx: ConfigContext,
  request: CreateCustomerRequest,
  call: CallContext,
): Promise<CreateCustomerResponse> {
  const { customerId, validateOnly } = request;
  const { displayName = '', setupDefaults } = request.customer ?? {};
  refuseViolations([
    ...checkId('customer_id', customerId),
    ...checkDisplayName('customer.display_name', displayName),
    ...checkDefaults(setupDefaults),
    ...checkRequestId(request.requestId),
  ]);
  return writeOnce(ctx, call, ConfigServiceService.createCustomer, request, async (tx) => {
    const wanted = { customerId, displayName, setupDefaults, createTime: ctx.now() };
    const isTaken = validateOnly && (await findCustomer(tx, customerId));
    const customer = validateOnly ? { ...wanted, etag: '' } : await insertCustomer(tx, wanted);
    if (isTaken || !customer) throw existsError(`customers/${customerId}`);
    return { customer: presentCustomer(customer) };
  });
}
