import { field, parseEnv, runService } from '@autoprov/service';
import { migrate } from '@autoprov/postgres';
import { readEnv } from './env.ts';
import { migrationsDir, startScimPusher } from './server.ts';

await runService('scim-pusher', (context) => startScimPusher(readEnv(context.env), context), {
  migrate: async ({ env }) => {
    const { DATABASE_ADMIN_URL } = parseEnv({ DATABASE_ADMIN_URL: field.url }, env);
    await migrate({ adminUrl: DATABASE_ADMIN_URL, service: 'scim-pusher', migrationsDir });
  },
});
