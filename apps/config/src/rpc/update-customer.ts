import type { CallContext } from '@autoprov/grpc';
import {
  ConfigServiceService,
  Customer,
  type UpdateCustomerRequest,
  type UpdateCustomerResponse,
} from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { checkDefaults } from '../domain/check-defaults.ts';
import type { Violation } from '../domain/check-setup.ts';
import { updatableCustomer } from '../domain/updatable.ts';
import { applyPaths, checkPaths, isChanged, pathsOf } from '../domain/update-mask.ts';
import { lockCustomer, updateCustomer as saveCustomer } from '../store/customers.ts';
import { saveSetup } from '../store/setups.ts';
import { authorshipOf } from './authorship.ts';
import { etagMismatchError, notFoundError } from './errors.ts';
import { lockInheritingSetups } from './lock-inheriting-setups.ts';
import { presentCustomer } from './present.ts';
import { checkDisplayName, checkRequestId, readCustomerId, refuseViolations } from './violations.ts';
import { writeOnce } from './write-once.ts';

export async function updateCustomer(
  ctx: ConfigContext,
  request: UpdateCustomerRequest,
  call: CallContext,
): Promise<UpdateCustomerResponse> {
  const wanted = request.customer ?? Customer.fromPartial({});
  const paths = pathsOf(updatableCustomer, wanted, request.updateMask);
  refuseViolations([
    ...checkRequestId(request.requestId),
    ...checkPaths(updatableCustomer, paths),
    ...checkChanged(wanted, paths),
  ]);
  const customerId = readCustomerId('customer.name', wanted.name);
  return writeOnce(ctx, call, ConfigServiceService.updateCustomer, request, async (tx) => {
    const current = await lockCustomer(tx, customerId);
    if (!current) throw notFoundError(wanted.name, 'create it, or list the customers for the right name');
    const before = presentCustomer(current);
    if (wanted.etag !== '' && wanted.etag !== before.etag) {
      throw etagMismatchError(wanted.name, wanted.etag, before.etag);
    }
    const after = applyPaths(updatableCustomer, before, wanted, paths);
    // Once more as a whole: a part that is right by itself can be too much with what is stored.
    refuseViolations(checkChanged(after, paths));
    if (isSame(after, before)) return { customer: before };
    const setups = await lockInheritingSetups(ctx, tx, customerId, {
      before: before.setupDefaults,
      after: after.setupDefaults,
    });
    if (request.validateOnly) return { customer: after };
    const { displayName, setupDefaults } = after;
    const customer = await saveCustomer(tx, { customerId, displayName, setupDefaults });
    const occasion = { changedPaths: ['customer.setup_defaults'] };
    for (const setup of setups) await saveSetup(tx, setup, setup, authorshipOf(ctx, call), occasion);
    return { customer: presentCustomer(customer) };
  });
}

function checkChanged({ displayName, setupDefaults }: Customer, paths: readonly string[]): Violation[] {
  const violations = [...checkDisplayName('customer.display_name', displayName), ...checkDefaults(setupDefaults)];
  return violations.filter(({ field }) => isChanged(updatableCustomer, field, paths));
}

function isSame(a: Customer, b: Customer): boolean {
  return Buffer.from(Customer.encode(a).finish()).equals(Customer.encode(b).finish());
}
