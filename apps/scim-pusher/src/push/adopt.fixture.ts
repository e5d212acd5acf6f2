import type { ScimAccount } from '@autoprov/testing';

/** What another provisioner left of a person of the tests' directory: equal to what is mapped, but for `changes`. */
export function leftAccount(id: string, changes: Partial<ScimAccount> = {}): Omit<ScimAccount, 'id'> {
  const address = `p${id}@example.com`;
  return {
    userName: address,
    externalId: id,
    active: true,
    name: { givenName: 'P', familyName: id },
    emails: [{ value: address, type: 'work', primary: true }],
    ...changes,
  };
}
