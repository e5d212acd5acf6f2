import {
  filterEq,
  isServiceProviderConfig,
  isUserList,
  member,
  readList,
  type JsonObject,
  type JsonValue,
} from '@autoprov/scim';
import type { ScimClient } from './scim-client.ts';
import { makeFailure, type ScimAnswer, type ScimFailure } from './scim-failure.ts';
import type { Probe } from './with-probe.ts';

/** What a probe found out. */
export type Finding = {
  /** SCIM answers there. */
  isScim: boolean;
  /** Its ServiceProviderConfig; absent: it shows none. */
  config?: JsonObject;
  /** Why accounts can't be read with the app's credential; absent: they can. */
  failure?: ScimFailure;
  /** It has groups; absent: not asked, or not found out. */
  hasGroups?: boolean;
};

/** Nobody's name; who can't be listed can be looked for. */
const nobody = 'autoprov-probe@example.invalid';

/**
 * Asks whether SCIM is spoken at a URL and whether the credential is taken: ServiceProviderConfig (RFC 7644 §4), also by the
 * name that SCIM 1.1 and some later ones have for it, then a page of one user, or where nobody may list a look-up of nobody.
 */
export async function probeServiceProvider({ scim, withoutCredential }: Probe): Promise<Finding> {
  const config = await findConfig(scim);
  if ('failure' in config) return { isScim: false, failure: config.failure };
  const users = await askForUsers(scim);
  const failure = users.ok ? withoutCredential : meaningOf(users.failure, withoutCredential);
  const isScim = users.ok || (users.failure.code !== '45005' && (config.found !== undefined || isSpoken(users)));
  return { isScim, ...(config.found && { config: config.found }), ...(failure && { failure }) };
}

/**
 * Whether a service provider has groups: by its list of groups, since a list of resource types may be kept short; where that is not
 * there, by /ResourceTypes (RFC 7644 §4). undefined: nothing was found out.
 */
export async function findGroupType(scim: ScimClient): Promise<boolean | undefined> {
  const listed = await scim.send('GET', '/Groups?count=1');
  if (listed.ok) return readList(listed.body) !== undefined;
  const { httpStatus } = listed.failure;
  // Whoever lists no groups may have them all the same: it says so by its resource types.
  const isAbsent = httpStatus === 404 || httpStatus === 405 || httpStatus === 501;
  const types = await scim.send('GET', '/ResourceTypes');
  if (types.ok) {
    const names = (readList(types.body)?.resources ?? []).map((type) => member(type, 'name'));
    if (names.length > 0) return names.includes('Group');
  }
  return isAbsent ? false : undefined;
}

/** A page of one user, or a look-up where the service provider lists nobody; ok only if it is a list of users. */
export async function askForUsers(scim: ScimClient): Promise<ScimAnswer> {
  const listed = await askForList(scim, '/Users?count=1');
  if (listed.ok || !mayFindInstead(listed.failure)) return listed;
  const found = await askForList(scim, `/Users?filter=${encodeURIComponent(filterEq('userName', nobody))}`);
  return found.ok ? found : listed;
}

async function askForList(scim: ScimClient, path: string): Promise<ScimAnswer> {
  const answer = await scim.send('GET', path);
  if (!answer.ok || isUserList(answer.body)) return answer;
  const detail = 'the answer to /Users is JSON, but no SCIM list: check the endpoint URL';
  return { ok: false, failure: makeFailure('WRONG_ENDPOINT', detail, answer.status) };
}

/** Only a refusal of the request itself: not of the credential by 401, not for now. */
function mayFindInstead({ httpStatus, retryable }: ScimFailure): boolean {
  return httpStatus >= 400 && httpStatus < 500 && httpStatus !== 401 && !retryable;
}

/** The ServiceProviderConfig, if there is one; a failure that says all there is to say. */
async function findConfig(scim: ScimClient): Promise<{ found: JsonObject | undefined } | { failure: ScimFailure }> {
  for (const path of ['/ServiceProviderConfig', '/ServiceProviderConfigs']) {
    const answer = await scim.send('GET', path);
    if (answer.ok) {
      const found = configOf(answer.body);
      if (found) return { found };
    } else if (answer.failure.httpStatus === 0 || answer.failure.reason === 'RATE_LIMITED') {
      return { failure: answer.failure };
    }
  }
  return { found: undefined };
}

function configOf(body: JsonValue | undefined): JsonObject | undefined {
  const [first] = readList(body)?.resources ?? [];
  return [body, first].find((it): it is JsonObject => isServiceProviderConfig(it));
}

/** What the service provider says to somebody without a credential is not about one. */
function meaningOf(said: ScimFailure, withoutCredential: ScimFailure | undefined): ScimFailure {
  return said.code === '17010' && withoutCredential ? withoutCredential : said;
}

function isSpoken(answer: Extract<ScimAnswer, { ok: false }>): boolean {
  return answer.failure.speaksScim === true;
}
