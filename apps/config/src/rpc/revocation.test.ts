import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RevokeAppAccessResponse, type RevokeAppAccessRequest } from '@autoprov/proto';
import { waitUntil } from '@autoprov/testing';
import { installApp, plain, soon, startConfigForTests } from '../config.fixture.ts';
import type { ConfigForTests } from '../config.fixture.ts';
import { silence } from '../outside.fixture.ts';
import { setupWith } from '../setup.fixture.ts';

let config: ConfigForTests;
beforeAll(async () => {
  config = await startConfigForTests();
});
beforeEach(() => config.outside.reset());
afterAll(() => config.stop());

async function makeSetup(customerId = `c-${randomUUID().slice(0, 8)}`, appId = 'crm') {
  const parent = await installApp(config, customerId, appId);
  return (await config.cli.createSetup({ parent, setup: setupWith(), ...plain }, soon)).setup!;
}
const remove = ({ name, etag }: { name: string; etag: string }, requestId = '') =>
  config.cli.deleteSetup({ name, etag, validateOnly: false, requestId }, soon);
const removeApp = (setup: { name: string }) => config.cli.deleteApp({ name: appOf(setup), validateOnly: false }, soon);
const asked = () => config.outside.requests('revokeAppAccess');
const appOf = ({ name }: { name: string }) => name.replace('/setup', '');

const words = "Delete configuration succeeded but couldn't revoke API client access";
const warning = { warnings: [{ reason: 'DELETED_BUT_NOT_REVOKED', message: words }] };

test('a deleted setup has its access revoked; the customer’s last one says so', async () => {
  const [first, second] = [await makeSetup('two-apps', 'crm'), await makeSetup('two-apps', 'erp')];
  expect(await remove(first)).toEqual({ warnings: [] });
  expect(await remove(second)).toEqual({ warnings: [] });
  expect(asked()).toMatchObject([
    { app: appOf(first), lastSetup: false },
    { app: appOf(second), lastSetup: true },
  ]);
});

test('of two setups that are deleted at once, one is the last', async () => {
  const setups = [await makeSetup('at-once', 'crm'), await makeSetup('at-once', 'erp')];
  await Promise.all(setups.map((setup) => remove(setup)));
  expect(asked()).toContainEqual(expect.objectContaining({ lastSetup: true }));
});

test('what is not revoked yet is a warning with the published words, also to a repeat', async () => {
  const setup = await makeSetup();
  config.outside.tokenBroker['revokeAppAccess'] = async () =>
    RevokeAppAccessResponse.fromPartial({ open: [{ name: 'customers/x/revocations/1' }] });
  const requestId = randomUUID();
  expect(await remove(setup, requestId)).toEqual(warning);
  expect(await remove(setup, requestId)).toEqual(warning);
  expect(asked()).toHaveLength(1);
});

test('a repeat is told what the first was told once everything was revoked', async () => {
  const setup = await makeSetup();
  const requestId = randomUUID();
  expect(await remove(setup, requestId)).toEqual({ warnings: [] });
  expect(await remove(setup, requestId)).toEqual({ warnings: [] });
});

test('while the broker is down a deletion succeeds with the warning; it is revoked after a restart, and only once', async () => {
  const setup = await makeSetup();
  config.outside.tokenBroker['revokeAppAccess'] = silence;
  expect(await remove(setup)).toEqual(warning);
  await config.restart(() => config.outside.reset());
  await waitUntil('the broker to be asked again', async () => asked().length === 1, Date.now() + 20_000);
  expect(asked()).toMatchObject([{ app: appOf(setup), lastSetup: true }]);
  await config.restart();
  expect(asked()).toHaveLength(1);
});

test('a broker that hangs keeps nobody from being told that the setup is deleted', async () => {
  const { name, etag } = await makeSetup();
  let answer: (() => void) | undefined;
  config.outside.tokenBroker['revokeAppAccess'] = async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return RevokeAppAccessResponse.fromPartial({});
  };
  const request = { name, etag, validateOnly: false, requestId: '' };
  expect(await config.cli.deleteSetup(request, { timeoutMs: 3_000 })).toEqual(warning);
  answer?.();
});

test('a new setup of the app cancels what was to be revoked', async () => {
  const setup = await makeSetup();
  config.outside.tokenBroker['revokeAppAccess'] = silence;
  await remove(setup);
  await config.cli.createSetup({ parent: appOf(setup), setup: setupWith(), ...plain }, soon);
  await config.restart(() => config.outside.reset());
  const other = await makeSetup();
  await remove(other);
  expect(asked()).toMatchObject([{ app: appOf(other) }]);
});

test('the broker is told when the setup was deleted, however late it is told', async () => {
  const setup = await makeSetup();
  config.outside.tokenBroker['revokeAppAccess'] = silence;
  const startMs = Date.now();
  await remove(setup);
  const endMs = Date.now();
  await config.restart(() => config.outside.reset());
  await waitUntil('the broker to be asked again', async () => asked().length === 1, Date.now() + 20_000);
  const { deleteTime } = asked()[0] as RevokeAppAccessRequest;
  expect(deleteTime!.getTime()).toBeGreaterThanOrEqual(startMs);
  expect(deleteTime!.getTime()).toBeLessThanOrEqual(endMs);
});

test('an app that is removed while the deletion of its setup is being told of is told of, too, with its own time', async () => {
  const setup = await makeSetup();
  let answer: (() => void) | undefined;
  config.outside.tokenBroker['revokeAppAccess'] = async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return RevokeAppAccessResponse.fromPartial({});
  };
  const removing = remove(setup);
  await waitUntil('the broker to be asked', async () => answer !== undefined, Date.now() + 20_000);
  config.outside.tokenBroker['revokeAppAccess'] = silence;
  await removeApp(setup);
  await waitUntil('the broker to be asked of the app', async () => asked().length === 2, Date.now() + 20_000);
  const [ofSetup, ofApp] = asked() as RevokeAppAccessRequest[];
  expect(ofApp!.deleteTime!.getTime()).toBeGreaterThan(ofSetup!.deleteTime!.getTime());
  answer!();
  await removing;
  await config.restart(() => config.outside.reset());
  await waitUntil('the broker to be asked of the app again', async () => asked().length === 1, Date.now() + 20_000);
  expect(asked()).toEqual([ofApp]);
});

test('a removed app has its access revoked, too', async () => {
  const setup = await makeSetup();
  expect(await removeApp(setup)).toEqual({ warnings: [] });
  expect(asked()).toMatchObject([{ app: appOf(setup), lastSetup: true }]);
});

test('what is not revoked of a removed app is the same warning; while the broker is down, too, and then it is revoked later', async () => {
  config.outside.tokenBroker['revokeAppAccess'] = async () =>
    RevokeAppAccessResponse.fromPartial({ open: [{ name: 'customers/x/revocations/1' }] });
  expect(await removeApp(await makeSetup())).toEqual(warning);
  config.outside.tokenBroker['revokeAppAccess'] = silence;
  const setup = await makeSetup();
  expect(await removeApp(setup)).toEqual(warning);
  await config.restart(() => config.outside.reset());
  await waitUntil('the broker to be asked again', async () => asked().length === 1, Date.now() + 20_000);
  expect(asked()).toMatchObject([{ app: appOf(setup), lastSetup: true }]);
});

test('validate_only revokes nothing', async () => {
  const { name, etag } = await makeSetup();
  await config.cli.deleteSetup({ name, etag, validateOnly: true, requestId: '' }, soon);
  await config.cli.deleteApp({ name: appOf({ name }), validateOnly: true }, soon);
  await config.restart();
  expect(asked()).toEqual([]);
});
