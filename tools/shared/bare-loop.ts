import type { admin_directory_v1 } from '@googleapis/admin';
import type { Network, ServiceProviderProcess } from '@autoprov/testing';
import { Pool } from 'undici';
import { googleClient } from '../../libs/testing/src/directory/google-client.fixture.ts';

type GoogleUser = admin_directory_v1.Schema$User;

/**
 * The least that could be done: lists the directory by Google's own client and creates every user at a service provider,
 * with nothing remembered, checked or repeated. What we do costs at least this.
 *
 * @returns seconds
 */
export async function runBareLoop(
  { directory }: Network,
  { access }: ServiceProviderProcess,
  concurrency: number,
): Promise<number> {
  const { origin, pathname } = new URL(access.baseUrl);
  const pool = new Pool(origin, { connections: concurrency, connect: { ca: access.ca } });
  const headers = { authorization: `Bearer ${access.token}`, 'content-type': 'application/scim+json' };
  async function createAll(users: GoogleUser[]): Promise<void> {
    const left = users.values();
    const worker = async (): Promise<void> => {
      for (const user of left) {
        const body = JSON.stringify(toScim(user));
        const answer = await pool.request({ method: 'POST', path: `${pathname}/Users`, headers, body });
        if (answer.statusCode !== 201)
          throw new Error(`POST answered ${answer.statusCode}: ${await answer.body.text()}`);
        await answer.body.dump();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  const startMs = performance.now();
  const google = googleClient(directory);
  let pageToken: string | undefined;
  do {
    const page = await google.users.list({ customer: 'my_customer', maxResults: 500, ...(pageToken && { pageToken }) });
    await createAll(page.data.users ?? []);
    pageToken = page.data.nextPageToken ?? undefined;
  } while (pageToken);
  const seconds = (performance.now() - startMs) / 1000;
  await pool.close();
  return seconds;
}

/** What the default mapping makes of the people of this measurement. */
function toScim({ id, primaryEmail, name, organizations }: GoogleUser): object {
  const [organization] = organizations as { title: string; department: string }[];
  const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
    externalId: id,
    userName: primaryEmail,
    active: true,
    displayName: name?.fullName,
    name: { givenName: name?.givenName, familyName: name?.familyName, formatted: name?.fullName },
    emails: [{ type: 'work', primary: true, value: primaryEmail }],
    title: organization?.title,
    [enterprise]: { department: organization?.department },
  };
}
