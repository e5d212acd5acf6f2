import { runService } from '@autoprov/service';
import { readEnv, readMigrateEnv } from './env.ts';
import { migrateReporter, startFailureReporter } from './server.ts';

await runService('failure-reporter', (context) => startFailureReporter(readEnv(context.env), context), {
  migrate: async ({ env }) => void (await migrateReporter(readMigrateEnv(env))),
});
