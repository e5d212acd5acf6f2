import { Failure_Scope } from '@autoprov/proto';
import type { Failure } from '@autoprov/proto';
import type { Network } from '@autoprov/testing';
import { exampleApp, exampleCustomer } from './example-app.ts';

/** What has been done for the example app since it was set up. */
export type Summary = {
  created: number;
  updated: number;
  suspended: number;
  deleted: number;
  /** People who fail now, by code. */
  failed: Record<string, number>;
  /** Requests to the directory. */
  googleReads: number;
  /** Requests to the service provider. */
  scimCalls: number;
};

const CALL = { timeoutMs: 10_000 };

/** Asks the three services that know. */
export async function readSummary(network: Network): Promise<Summary> {
  const { clients } = network;
  const [counters, read, app, failures] = await Promise.all([
    clients.failures.getAppCounters({ app: exampleApp, startTime: undefined, endTime: undefined }, CALL),
    clients.directory.getReadStatus({ customer: exampleCustomer }, CALL),
    clients.push.getAppStatus({ app: exampleApp }, CALL),
    listFailingPeople(network),
  ]);
  const byCode = Object.groupBy(failures, ({ code }) => code);
  return {
    created: Number(counters.created),
    updated: Number(counters.updated + counters.reactivated),
    suspended: Number(counters.suspended),
    deleted: Number(counters.deleted),
    failed: Object.fromEntries(Object.entries(byCode).map(([code, some]) => [code, some!.length])),
    googleReads: sum(read.requestCounts),
    scimCalls: sum(app.requestCounts),
  };
}

/** The open failures of single people in the example app. */
export async function listFailingPeople({ clients }: Network): Promise<Failure[]> {
  const filter = { app: exampleApp, user: '', code: '', reason: '', states: [] };
  const request = { parent: exampleCustomer, filter, pageSize: 1000, pageToken: '' };
  const { failures } = await clients.failures.listFailures(request, CALL);
  return failures.filter(({ scope }) => scope === Failure_Scope.SCOPE_RESOURCE);
}

function sum(counts: Record<string, bigint>): number {
  return Object.values(counts).reduce((total, count) => total + Number(count), 0);
}
