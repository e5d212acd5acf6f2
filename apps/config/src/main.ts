import { migrate } from '@autoprov/postgres';
import { field, parseEnv, runService } from '@autoprov/service';
import { readEnv } from './env.ts';
import { migrationsDir, startConfig } from './server.ts';

await runService('config', (process) => startConfig(readEnv(process.env), process), {
  migrate: async ({ env }) => {
    const { DATABASE_ADMIN_URL } = parseEnv({ DATABASE_ADMIN_URL: field.url }, env);
    await migrate({ adminUrl: DATABASE_ADMIN_URL, service: 'config', migrationsDir });
  },
});
