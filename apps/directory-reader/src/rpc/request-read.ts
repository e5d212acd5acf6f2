import { RpcError, status } from '@autoprov/grpc';
import type { RequestReadRequest, RequestReadResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { requestRead as storeRequest } from '../store/customers.ts';
import { requireCustomerId } from './names.ts';

/** Asks for a read that begins from now on. */
export async function requestRead(
  context: ReaderContext,
  { customer }: RequestReadRequest,
): Promise<RequestReadResponse> {
  const readNo = await storeRequest(context.pool, requireCustomerId('customer', customer));
  if (readNo === undefined) {
    const advice = 'activate a setup, then its directory is read by itself within seconds';
    throw new RpcError(status.NOT_FOUND, 'RESOURCE_NOT_FOUND', `no setup of ${customer} is active: ${advice}`);
  }
  context.wakeReads();
  return { readNo };
}
