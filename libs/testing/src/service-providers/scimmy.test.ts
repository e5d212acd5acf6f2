import { expect, test } from '@jest/globals';
import { enterpriseUrn, listAccounts } from './list-accounts.ts';
import { callScim } from './scim-client.ts';
import { startScimmy } from './scimmy.ts';
import type { ScimmyOptions } from './scimmy.ts';
import type { ServiceProvider } from './service-provider.ts';

async function withScimmy(options: ScimmyOptions, judge: (provider: ServiceProvider) => Promise<void>) {
  const provider = await startScimmy(options);
  try {
    await judge(provider);
  } finally {
    await provider.stop();
  }
}

const ada = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterpriseUrn],
  userName: 'ada@example.com',
  externalId: '1',
  active: true,
  [enterpriseUrn]: { department: 'Research' },
};
const create = (provider: ServiceProvider, body: object) => callScim(provider, 'POST', '/Users', body);

test('without uniqueness two equal userNames are taken; a server with it in the same process refuses the second', async () => {
  await withScimmy({ uniqueness: false }, async (loose) => {
    await withScimmy({ uniqueness: true }, async (strict) => {
      expect([(await create(loose, ada)).status, (await create(loose, ada)).status]).toEqual([201, 201]);
      expect([(await create(strict, ada)).status, (await create(strict, ada)).status]).toEqual([201, 409]);
      expect([(await listAccounts(loose)).length, (await listAccounts(strict)).length]).toEqual([2, 1]);
    });
  });
});

test('a patch of an extension attribute and of active is kept, a boolean as text is refused', async () => {
  await withScimmy({ uniqueness: true }, async (provider) => {
    const { id } = (await create(provider, ada)).body as { id: string };
    const patch = (...Operations: object[]) =>
      callScim(provider, 'PATCH', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations,
      });
    const department = { op: 'replace', path: `${enterpriseUrn}:department`, value: 'Sales' };
    const done = await patch(department, { op: 'replace', path: 'active', value: false });
    expect(done.body).toMatchObject({ active: false, [enterpriseUrn]: { department: 'Sales' } });
    expect((await patch({ op: 'replace', path: 'active', value: 'False' })).status).toBe(400);
    expect((await callScim(provider, 'DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await callScim(provider, 'GET', `/Users/${id}`)).status).toBe(404);
  });
});

test('a new account can be missing from lists and filters for a while although it is there', async () => {
  await withScimmy({ uniqueness: false, lagMs: 60_000 }, async (provider) => {
    const { id } = (await create(provider, ada)).body as { id: string };
    const filter = encodeURIComponent('userName eq "ada@example.com"');
    expect((await callScim(provider, 'GET', `/Users?filter=${filter}`)).body).toMatchObject({ totalResults: 0 });
    expect((await callScim(provider, 'GET', `/Users/${id}`)).status).toBe(200);
  });
});

test('all accounts are listed once, although a page beyond the end repeats the first', async () => {
  const accounts = Array.from({ length: 250 }, (_, number) => ({ userName: `user${number}@example.com` }));
  await withScimmy({ uniqueness: true, seed: { accounts } }, async (provider) => {
    const beyond = await callScim(provider, 'GET', '/Users?startIndex=1000&count=10');
    expect((beyond.body as { Resources: unknown[] }).Resources).toHaveLength(10);
    expect(await listAccounts(provider)).toHaveLength(250);
  });
});

test('it answers the discovery endpoints', async () => {
  await withScimmy({ uniqueness: true }, async (provider) => {
    for (const path of ['/ServiceProviderConfig', '/Schemas', '/ResourceTypes']) {
      expect((await callScim(provider, 'GET', path)).status).toBe(200);
    }
  });
});
