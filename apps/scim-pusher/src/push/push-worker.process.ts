// One pass of a worker in a process of its own, for guard-window.test.ts to kill.
import { createTestContext } from './test-app.fixture.ts';
import { pushApp } from './push-app.ts';

const [databaseUrl, token, leaseMs] = process.argv.slice(2);
const ctx = createTestContext(databaseUrl!, { token: token! }, { leaseMs: Number(leaseMs) });
await pushApp(ctx, { customerId: 'acme', appId: 'crm' }, new AbortController().signal);
