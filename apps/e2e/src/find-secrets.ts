import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from '@autoprov/testing';
import { topics } from '@autoprov/kafka';
import { readTopic } from './run-process.ts';

/** What no secret of ours looks like, and every secret of somebody does. */
const forms: readonly [what: string, form: RegExp][] = [
  ["an access token of Google's", /ya29\.[\w-]{20}/],
  ['an Authorization header', /\b(Bearer|Basic) [\w.~+/=-]{16}/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a signed token', /\beyJ[\w-]{10,}\.[\w-]{10,}\./],
];

/** Where a secret of the network is found in a log of a process or in an event, one sentence each; never the secret. */
export async function findSecrets(network: Network): Promise<string[]> {
  const known = Object.entries(secretsOf(network));
  const places = [...readLogs(network), ...(await readEvents(network))];
  return places.flatMap(({ place, text }) => [
    ...known.filter(([, secret]) => text.includes(secret)).map(([what]) => `${what} stands in ${place}`),
    ...forms.filter(([, form]) => form.test(text)).map(([what]) => `${what} stands in ${place}`),
  ]);
}

function secretsOf({ dir, directory, serviceProvider }: Network): Record<string, string> {
  const [, , firstLine = ''] = directory.serviceAccountKey().private_key.split('\n');
  return {
    "the service provider's token": serviceProvider.access.token,
    "the service account's key": firstLine,
    'the sealing key': readFileSync(join(dir, 'secrets-key'), 'utf8').trim(),
  };
}

function readLogs({ dir }: Network): { place: string; text: string }[] {
  return globSync('*.log', { cwd: join(dir, 'logs') }).map((log) => ({
    place: `the log ${log}`,
    text: readFileSync(join(dir, 'logs', log), 'utf8'),
  }));
}

async function readEvents(network: Network): Promise<{ place: string; text: string }[]> {
  const read = Object.values(topics).map(async (topic) => {
    const messages = await readTopic(network, topic);
    return { place: `the topic ${topic}`, text: JSON.stringify(messages) };
  });
  return Promise.all(read);
}
