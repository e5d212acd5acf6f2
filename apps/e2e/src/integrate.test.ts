import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCertificates, plainCompany, waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { preparePython, prepareTypescript, runClient, type IntegrateClient } from './integrate-clients.ts';
import { reportCheck } from './report-check.ts';
import { runAutoprov } from './run-process.ts';
import { app, call, customer, installApp, setup, startCompany } from './start-company.ts';

let network: Network;

beforeAll(async () => {
  const people = plainCompany({ users: 3, groups: 1, membersPerGroup: 3 });
  network = await startCompany('integrate', { people });
  await installApp(network);
  await reportCheck(network, { subject: customer, code: '17010' });
});

afterAll(() => network?.stop());

describe.each<[string, () => Promise<IntegrateClient>]>([
  ['TypeScript', prepareTypescript],
  ['Python', preparePython],
])('a client in %s, with none of our code', (language, prepare) => {
  const workload = `hr-portal-${language.toLowerCase()}`;
  const person = `${language.toLowerCase()}@example.com`;
  let client: IntegrateClient;
  let env: Record<string, string>;

  beforeAll(async () => {
    client = await prepare();
    const { services } = await createCertificates(join(network.dir, 'tls'), [workload]);
    const { caFile, certFile, keyFile } = services[workload]!;
    env = { ...network.cliEnvironment, TLS_CA_FILE: caFile, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
  }, 300_000);

  const readSetup = async () => (await network.clients.config.getSetup({ name: setup }, call)).setup!;

  test('is refused before it has a role, with the reason and the command that gives one', async () => {
    const { exitCode, stderr } = await runClient(client, ['acme', person], env);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^PERMISSION_DENIED CALLER_NOT_ALLOWED .*autoprov roles grant workload:/),
    });
  });

  test('waits as long as it is told while a service is away, and comes through', async () => {
    const grant = ['roles', 'grant', `workload:${workload}`, 'operator', '--customer', 'acme'];
    expect(await runAutoprov(network, ...grant)).toMatchObject({ exitCode: 0 });
    await network.kill('config');
    // The failure reporter knows this workload no longer, or from before its role: it must ask.
    await network.restart('failure-reporter');
    let restarted: Promise<void> | undefined;
    const { exitCode, stdout, stderr } = await runClient(client, ['acme', person], env, (line) => {
      if (line.startsWith('unavailable (DEPENDENCY_UNAVAILABLE): again in 1000 ms'))
        restarted ??= network.restart('config');
    });
    await restarted;
    expect(stderr).toContain('unavailable (DEPENDENCY_UNAVAILABLE): again in 1000 ms');
    expect(exitCode).toBe(0);
    // Our own client of config may not have connected anew yet.
    const isBack = () => readSetup().then(() => true);
    await waitUntil('config to answer', isBack, Date.now() + 20_000);
    const stored = await readSetup();
    expect(stored.scope!.excludedPersons).toContain(person);
    expect(JSON.parse(stdout)).toEqual({
      failures: ['17010 KEY_REFUSED'],
      app,
      credentialVersion: expect.any(Number),
      etag: stored.etag,
      excludedPersons: stored.scope!.excludedPersons,
    });
  });

  test('that writes on a page that is old by now reads again, and loses nothing of what others wrote', async () => {
    const before = await readSetup();
    const { exitCode, stderr } = await runClient(client, ['acme', `late-${person}`, '1'], env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'stale (STALE_SETUP_CHANGED): read again\n' });
    const { scope } = await readSetup();
    expect(scope!.excludedPersons).toEqual([...before.scope!.excludedPersons, `late-${person}`]);
  });

  test('is told the field at fault', async () => {
    const { exitCode, stderr } = await runClient(client, ['acme', ''], env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^INVALID_ARGUMENT INVALID_REQUEST .*\nsetup\.scope\.excluded_persons\[\d\] /);
  });

  test('gets nothing of a customer for which it has no role', async () => {
    const { exitCode, stdout, stderr } = await runClient(client, ['globex', person], env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^PERMISSION_DENIED ROLE_MISSING /);
  });
});
