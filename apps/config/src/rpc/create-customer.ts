import type { CallContext } from '@autoprov/grpc';
import { ConfigServiceService, type CreateCustomerRequest, type CreateCustomerResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
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
  const displayName = request.customer?.displayName ?? '';
  refuseViolations([
    ...checkId('customer_id', customerId),
    ...checkDisplayName('customer.display_name', displayName),
    ...checkRequestId(request.requestId),
  ]);
  return writeOnce(ctx, call, ConfigServiceService.createCustomer, request, async (tx) => {
    const customer = { customerId, displayName, createTime: ctx.now() };
    const isFree = validateOnly ? !(await findCustomer(tx, customerId)) : await insertCustomer(tx, customer);
    if (!isFree) throw existsError(`customers/${customerId}`);
    return { customer: presentCustomer(customer) };
  });
}
