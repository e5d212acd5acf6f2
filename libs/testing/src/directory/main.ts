/**
 * Starts the example directory as a process of its own. The first line on stdout is JSON: where it listens.
 *
 *   node main.js [--port N] [--users N] [--groups N] [--seed N] [--domain D] [--cert FILE --key FILE] --key-file FILE
 *
 * --key-file is the service account's key: read when the file exists, else written.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeServiceAccountKey } from './directory.ts';
import type { ServiceAccountKey } from './directory.ts';
import { examplePeople } from './example-people.ts';
import { startDirectory } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    users: { type: 'string', default: '1000' },
    groups: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    domain: { type: 'string', default: 'example.com' },
    cert: { type: 'string' },
    key: { type: 'string' },
    'key-file': { type: 'string' },
  },
});

const { domain, cert, key } = values;
const people = examplePeople({
  users: Number(values.users),
  groups: Number(values.groups),
  seed: Number(values.seed),
  domain,
});
const directory = await startDirectory({
  port: Number(values.port),
  people: people.state,
  ...(cert && key && { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } }),
  ...(values['key-file'] && { serviceAccountKey: readOrMakeKey(values['key-file']) }),
});
process.once('SIGTERM', () => void directory.stop());
const { url, tokenUrl, controlUrl } = directory;
const { adminEmail, accessGroup } = people;
console.log(
  JSON.stringify({ url, tokenUrl, controlUrl, customerId: people.state.customerId, adminEmail, accessGroup }),
);

function readOrMakeKey(file: string): ServiceAccountKey {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as ServiceAccountKey;
  const made = makeServiceAccountKey();
  writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
}
