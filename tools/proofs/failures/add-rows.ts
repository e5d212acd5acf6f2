import { runAsAdmin } from '@autoprov/postgres/testing';
import type { Network } from '@autoprov/testing';

/** Gives a customer so many open failures, as they are when they have been published: 300 apps, 5 causes, a year. */
export async function addRows({ databaseUrl }: Network, customer: string, count: number): Promise<void> {
  await runAsAdmin(
    databaseUrl,
    `insert into failure_reporter.failures (name, seq, state, scope, customer, app, user_name, primary_email, source,
       subject, action, code, reason, detail, http_status, scim_type, retryable, attempt, next_attempt_time, open_time,
       update_time, trace_id, published_seq, published_state, cause_id)
     select 'failures/' || left(translate(md5('${customer}' || i), '0189', 'ghij') || 'aa', 26), i, 'STATE_OPEN',
       'SCOPE_RESOURCE', 'customers/${customer}', 'customers/${customer}/apps/app' || i % 300,
       'customers/${customer}/users/' || 100000000000 + i, 'person' || i || '@${customer}.test', 'scim-pusher',
       'customers/${customer}/apps/app' || i % 300 || '/accounts/' || 100000000000 + i,
       case i % 3 when 0 then 'ACTION_CREATE' else 'ACTION_UPDATE' end,
       case i % 5 when 0 then '45006' when 1 then '45016' else '45003' end,
       (array['VALUE_TOO_LONG', 'MISSING_REQUIRED', 'DUPLICATE', 'LICENSE_LIMIT', 'NOT_FOUND'])[i % 5 + 1],
       'userName "person' || i || '" is refused: ' || repeat('x', i % 200), 400, 'invalidValue', false, 1,
       '2026-12-01', t, t, md5(i::text), i, 'STATE_OPEN', left(md5((i % 5)::text), 16)
     from generate_series(1, ${count}) as i,
       lateral (select timestamptz '2026-01-01' + i * interval '1 year' / ${count} as t) as opened`,
  );
  await runAsAdmin(databaseUrl, 'vacuum analyze failure_reporter.failures');
}
