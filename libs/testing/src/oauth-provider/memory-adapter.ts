import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What an authorization server holds, by model and id: tests look into it, and take things away. */
export type OAuthStore = Map<string, AdapterPayload>;

/** oidc-provider's storage in `store`: its own memory adapter is one for all providers of a process, and warns. */
export function createMemoryAdapter(store: OAuthStore): (model: string) => Adapter {
  return (model) => {
    const key = (id: string) => `${model}:${id}`;
    return {
      upsert: async (id, payload) => void store.set(key(id), payload),
      find: async (id) => store.get(key(id)),
      findByUid: async (uid) =>
        [...store].find(([stored, payload]) => stored.startsWith(`${model}:`) && payload.uid === uid)?.[1],
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const payload = store.get(key(id));
        if (payload) payload['consumed'] = Math.floor(Date.now() / 1_000);
      },
      destroy: async (id) => void store.delete(key(id)),
      revokeByGrantId: async (grantId) => {
        for (const [stored, payload] of store) if (payload.grantId === grantId) store.delete(stored);
      },
    };
  };
}
