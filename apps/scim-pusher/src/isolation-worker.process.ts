// A replica's worker in a process of its own, for isolation.fixture.ts.
import { createLogger, runLoop } from '@autoprov/service';
import { createTestContext } from './push/test-app.fixture.ts';
import { createWorker } from './work.ts';

const [databaseUrl, settings] = process.argv.slice(2);
const ctx = createTestContext(databaseUrl!, { token: 'measured' }, JSON.parse(settings!) as object);
const worker = createWorker(ctx);
const logger = createLogger({ service: 'scim-pusher-test', level: 'warn' });
const working = runLoop({ name: 'work', everyMs: 1_000, run: () => worker.pass(), logger });
ctx.wakeWorkers = () => working.wake();
process.send!('ready');
// Requests that hang would keep it for as long as they may take.
process.once('disconnect', () => process.exit());
