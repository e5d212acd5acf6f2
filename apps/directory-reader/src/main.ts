import { migrate } from '@autoprov/postgres';
import { field, parseEnv, runService } from '@autoprov/service';
import { readEnv } from './env.ts';
import { migrationsDir, startDirectoryReader } from './server.ts';

await runService('directory-reader', (context) => startDirectoryReader(readEnv(context.env), context), {
  migrate: async ({ env }) => {
    const { DATABASE_ADMIN_URL } = parseEnv({ DATABASE_ADMIN_URL: field.url }, env);
    await migrate({ adminUrl: DATABASE_ADMIN_URL, service: 'directory-reader', migrationsDir });
  },
});
