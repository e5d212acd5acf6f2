import { invalidRequest } from './failure-question.ts';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

/**
 * How many to answer.
 *
 * @throws RpcError INVALID_ARGUMENT
 */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw invalidRequest([{ field: 'page_size', description: 'must not be negative' }]);
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}
