import type { Failure } from '@autoprov/proto';
import type { Network } from '@autoprov/testing';
import { call } from './start-company.ts';

/** The open failures of the whole installation. */
export async function listFailures({ clients }: Network): Promise<Failure[]> {
  const filter = { app: '', user: '', code: '', reason: '', states: [] };
  const request = { parent: 'customers/-', filter, pageSize: 1000, pageToken: '' };
  return (await clients.failures.listFailures(request, call)).failures;
}
