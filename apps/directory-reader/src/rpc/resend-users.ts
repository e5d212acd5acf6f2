import type { ResendUsersRequest, ResendUsersResponse } from '@autoprov/proto';
import type { ReaderContext } from '../context.ts';
import { requestResend } from '../store/customers.ts';
import { countAnnounced } from '../store/users.ts';
import { requireCustomerId } from './names.ts';

/** Has every user published again, by the one who holds the customer's lease: it must not cross a read. */
export async function resendUsers(
  context: ReaderContext,
  { customer }: ResendUsersRequest,
): Promise<ResendUsersResponse> {
  const customerId = requireCustomerId('customer', customer);
  await requestResend(context.pool, customerId);
  context.wakeReads();
  return { userCount: await countAnnounced(context.pool, customerId) };
}
