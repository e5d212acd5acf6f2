import { isObject, member, readId, readList } from '@autoprov/scim';
import { saveDiscovery, saveListState } from '../store/apps.ts';
import { clearListedAccounts, saveListedAccounts } from '../store/listed-accounts.ts';
import { noteFailure, type Pass } from './pass.ts';

const defaultPageSize = 100;
/** A list of smaller pages than this on average is taken for one without end before it is as long as may be. */
const minAveragePage = 50;
/** What accounts take on average, in JSON; a list of larger ones ends sooner. */
const averageAccountChars = 2_000;

/**
 * What is asked of a service provider before its first push: whether it knows PATCH, and all its accounts by page. A
 * service provider that can't list is looked up person by person instead.
 */
export async function meetServiceProvider(pass: Pass): Promise<void> {
  await discoverPatch(pass);
  if (pass.work.listState !== 'wanted' || pass.down) return;
  await pass.write((tx) => clearListedAccounts(tx, pass.app));
  const listed = await listAccounts(pass);
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

/** Whether the list came whole. It is the service provider that says how long it is, so there is an end to what is believed. */
async function listAccounts(pass: Pass): Promise<boolean> {
  const pageSize = pass.app.profile.maxPageSize || defaultPageSize;
  const { listMaxAccounts } = pass.ctx.settings;
  const maxPages = Math.ceil(listMaxAccounts / Math.min(pageSize, minAveragePage));
  let [startIndex, accountCount, charCount] = [1, 0, 0];
  for (let pages = 0; pages < maxPages; pages++) {
    const answer = await pass.scim.send('GET', `/Users?startIndex=${startIndex}&count=${pageSize}`);
    if (!answer.ok) {
      noteFailure(pass, answer.failure);
      return false;
    }
    const list = readList(answer.body);
    if (!list) return false;
    // Some service providers answer a full page for an index beyond the end, so only new ids count.
    const accounts = new Map(list.resources.flatMap((it) => (readId(it) === undefined ? [] : [[readId(it)!, it]])));
    if (accounts.size === 0) return true;
    const added = await pass.write((tx) => saveListedAccounts(tx, pass.app, [...accounts.values()]));
    if (added.count === 0) return true;
    startIndex += list.resources.length;
    if (list.totalResults !== undefined && startIndex > list.totalResults) return true;
    accountCount += added.count;
    charCount += added.chars;
    if (accountCount > listMaxAccounts || charCount > listMaxAccounts * averageAccountChars) return false;
  }
  return false;
}
