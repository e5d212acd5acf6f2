import { isObject, member } from '@autoprov/scim';
import { saveDiscovery, saveListState } from '../store/apps.ts';
import { clearListedAccounts, saveListedAccounts } from '../store/listed-accounts.ts';
import { listAccounts } from './list-accounts.ts';
import { noteFailure, type Pass } from './pass.ts';

/**
 * What is asked of a service provider before its first push: whether it knows PATCH, and all its accounts by page. A
 * service provider that can't list is looked up person by person instead.
 */
export async function meetServiceProvider(pass: Pass): Promise<void> {
  await discoverPatch(pass);
  if (pass.work.listState !== 'wanted' || pass.down) return;
  await pass.write((tx) => clearListedAccounts(tx, pass.app));
  const listed = await saveList(pass);
  if (pass.down) return;
  if (!listed) await pass.write((tx) => clearListedAccounts(tx, pass.app));
  const listState = listed ? 'held' : 'used';
  pass.work.listState = listState;
  await pass.write((tx) => saveListState(tx, pass.app, listState));
}

async function discoverPatch(pass: Pass): Promise<void> {
  if (pass.work.patchSupported !== undefined) return;
  const answer = await pass.scim.send('GET', '/ServiceProviderConfig');
  // Discovery is optional (RFC 7644 §4 is often missing): only being unreachable or refused counts.
  if (!answer.ok && answer.failure.code !== '45005') noteFailure(pass, answer.failure);
  if (pass.down) return;
  const patch = answer.ok && isObject(answer.body) ? member(answer.body, 'patch') : undefined;
  const supported = !isObject(patch) || member(patch, 'supported') !== false;
  pass.work.patchSupported = supported;
  await saveDiscovery(pass.ctx.pool, pass.app, supported);
}

/** Whether the list came whole. */
async function saveList(pass: Pass): Promise<boolean> {
  const pages = listAccounts(pass.scim, pass.app.profile, pass.ctx.settings.listMaxAccounts);
  let page = await pages.next();
  while (!page.done) {
    const accounts = page.value;
    page = await pages.next(await pass.write((tx) => saveListedAccounts(tx, pass.app, accounts)));
  }
  const { whole, failure } = page.value;
  if (failure) noteFailure(pass, failure);
  return whole;
}
