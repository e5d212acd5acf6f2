import { roleName } from '@autoprov/postgres';
import { createTestDatabase, runAsAdmin } from '@autoprov/postgres/testing';

/** The database of one network; `url` is the administrator's. */
export type NetworkDatabase = { url: string; close(): Promise<void> };

/** Makes a database that `close` drops, or opens the one named autoprov, made when missing, that stays. */
export async function openDatabase(adminUrl: string, { keep }: { keep: boolean }): Promise<NetworkDatabase> {
  if (!keep) {
    const { url, drop } = await createTestDatabase(adminUrl);
    return { url, close: drop };
  }
  await runAsAdmin(adminUrl, 'create database autoprov').catch((err: { code?: string }) => {
    if (err.code !== '42P04') throw err; // 42P04: it exists
  });
  const url = new URL(adminUrl);
  url.pathname = '/autoprov';
  return { url: url.href, close: async () => {} };
}

/**
 * Lets the services log in to a server that asks for passwords: they all get the administrator's. For local runs only;
 * and always the same one, because roles belong to the server and other networks on it use them too.
 */
export async function allowLogins(adminUrl: string, services: readonly string[]): Promise<string> {
  const password = decodeURIComponent(new URL(adminUrl).password);
  if (password === '') return '';
  const quoted = `'${password.replaceAll("'", "''")}'`;
  for (const service of services) await runAsAdmin(adminUrl, `alter role ${roleName(service)} password ${quoted}`);
  return password;
}
