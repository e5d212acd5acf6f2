import { PlanAdoptionRequest, type AdoptionTotals, type PlannedAdoption } from '@autoprov/proto';
import type { TestApp } from '../push/test-app.fixture.ts';
import { planAdoption } from './plan-adoption.ts';

/** A whole adoption report of the tests' app. */
export async function report(app: TestApp, all = false): Promise<{ totals: AdoptionTotals; rows: PlannedAdoption[] }> {
  const request = PlanAdoptionRequest.fromPartial({ app: 'customers/acme/apps/crm', all });
  const rows: PlannedAdoption[] = [];
  let totals: AdoptionTotals | undefined;
  const call = { signal: new AbortController().signal, deadline: new Date(Date.now() + 3_600_000) };
  for await (const part of planAdoption(app.ctx, request, call)) {
    if (part.adoptions.length > 0 && !totals) throw new Error('rows came before the numbers');
    totals ??= part.totals;
    rows.push(...part.adoptions);
  }
  return { totals: totals!, rows };
}
