import type { GetCustomerRequest, GetCustomerResponse } from '@autoprov/proto';
import type { ConfigContext } from '../context.ts';
import { findCustomer } from '../store/customers.ts';
import { notFoundError } from './errors.ts';
import { presentCustomer } from './present.ts';
import { readCustomerId } from './violations.ts';

export async function getCustomer(ctx: ConfigContext, { name }: GetCustomerRequest): Promise<GetCustomerResponse> {
  const customer = await findCustomer(ctx.pool, readCustomerId('name', name));
  if (!customer) throw notFoundError(name, 'create it, or list the customers for the right name');
  return { customer: presentCustomer(customer) };
}
