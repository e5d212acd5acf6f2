import { isObject, member, readList, type JsonObject, type ScimUser } from '@autoprov/scim';
import { saveDiscovery, saveListState } from '../store/apps.ts';
import { clearListedAccounts, saveListedAccounts } from '../store/listed-accounts.ts';
import { noteFailure, type Pass } from './pass.ts';

const defaultPageSize = 100;

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
async function listAccounts(pass: Pass): Promise<boolean> {
  const pageSize = pass.app.profile.maxPageSize || defaultPageSize;
  const seen = new Set<string>();
  for (let startIndex = 1; ;) {
    const answer = await pass.scim.send('GET', `/Users?startIndex=${startIndex}&count=${pageSize}`);
    if (!answer.ok) {
      noteFailure(pass, answer.failure);
      return false;
    }
    const list = readList(answer.body);
    if (!list) return false;
    // Some service providers answer a full page for an index beyond the end, so only new ids count.
    const fresh = list.resources.filter(hasId).filter((account) => !seen.has(account.id));
    if (fresh.length === 0) return true;
    for (const { id } of fresh) seen.add(id);
    await pass.write((tx) => saveListedAccounts(tx, pass.app, fresh));
    startIndex += list.resources.length;
    if (list.totalResults !== undefined && startIndex > list.totalResults) return true;
  }
}

function hasId(resource: JsonObject): resource is ScimUser & { id: string } {
  return typeof resource['id'] === 'string' && resource['id'] !== '';
}
