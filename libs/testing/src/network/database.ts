import { roleUrl } from '@autoprov/postgres';
import { createTestDatabase, runAsAdmin } from '@autoprov/postgres/testing';

/** The database of one network; `url` is the administrator's. */
export type NetworkDatabase = { url: string; close(): Promise<void> };

/** Makes a database that `close` drops, or opens the one named autoprov_local, made when missing, that stays. */
export async function openDatabase(adminUrl: string, { keep }: { keep: boolean }): Promise<NetworkDatabase> {
  if (!keep) {
    const { url, drop } = await createTestDatabase(adminUrl);
    return { url, close: drop };
  }
  await runAsAdmin(adminUrl, 'create database autoprov_local').catch((err: { code?: string }) => {
    if (err.code !== '42P04') throw err; // 42P04: it exists
  });
  const url = new URL(adminUrl);
  url.pathname = '/autoprov_local';
  return { url: url.href, close: async () => {} };
}

/**
 * With what a service logs in: its own role. On a server that asks for passwords it is the administrator's login: the
 * roles and their passwords are the server's, and may be those of an installation that people rely on.
 */
export function serviceDatabaseUrl(adminUrl: string, service: string): string {
  return new URL(adminUrl).password === '' ? roleUrl(adminUrl, service) : adminUrl;
}
