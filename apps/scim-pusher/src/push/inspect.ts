import { filterEq, isObject, member, readList, type JsonObject, type ScimList } from '@autoprov/scim';
import { discoverSchema, type Discovery } from './discover-schema.ts';
import { probeServiceProvider, type Finding } from './probe.ts';
import type { ScimClient } from './scim-client.ts';
import type { Probe } from './with-probe.ts';

/** What a service provider can do, as far as reading tells. */
export type Inspection = { probe: Finding; more?: Abilities };

/** What is found out where accounts can be read. */
export type Abilities = {
  schema?: Extract<Discovery, { attributes: unknown }>;
  resourceTypes: string[];
  filterableAttributes: string[];
  accountCount?: number;
  /** The most accounts on a page of 100; absent: it has no more. */
  maxPageSize?: number;
  /** Whether a second page is another one; absent: too few accounts to tell. */
  pages?: boolean;
  medianReadMs: number;
};

/** Nobody's value, whatever the attribute. */
const nobody = 'autoprov-probe@example.invalid';
const attributes = { externalId: 'externalId', userName: 'userName', emails: 'emails.value' };
const pageSize = 100;
const timedReads = 10;

/** Asks a service provider whatever reading can tell, one request at a time. */
export async function inspect(probe: Probe): Promise<Inspection> {
  const found = await probeServiceProvider(probe);
  if (!found.isScim || found.failure) return { probe: found };
  const { scim } = probe;
  const schema = await discoverSchema(probe);
  return {
    probe: found,
    more: {
      ...('attributes' in schema && { schema }),
      resourceTypes: await readResourceTypes(scim),
      filterableAttributes: await findFilterable(scim),
      ...(await readPages(scim)),
      medianReadMs: await measureReads(scim),
    },
  };
}

async function readResourceTypes(scim: ScimClient): Promise<string[]> {
  const answer = await scim.send('GET', '/ResourceTypes');
  const types = answer.ok ? (readList(answer.body)?.resources ?? []) : [];
  return types.flatMap((type) => {
    const name = member(type, 'name');
    return typeof name === 'string' ? [name] : [];
  });
}

/** Those by which nobody is found when nobody is looked for: a filter that is ignored answers everybody. */
async function findFilterable(scim: ScimClient): Promise<string[]> {
  const found: string[] = [];
  for (const [name, path] of Object.entries(attributes)) {
    const list = await readUsers(scim, `filter=${encodeURIComponent(filterEq(path, nobody))}`);
    if (list?.resources.length === 0) found.push(name);
  }
  return found;
}

async function readPages(scim: ScimClient): Promise<Pick<Abilities, 'accountCount' | 'maxPageSize' | 'pages'>> {
  const whole = await readUsers(scim, `startIndex=1&count=${pageSize}`);
  if (!whole) return {};
  const accountCount = whole.totalResults;
  const wanted = Math.min(pageSize, accountCount ?? 0);
  const isCut = whole.resources.length > 0 && whole.resources.length < wanted;
  const counted = accountCount === undefined ? {} : { accountCount };
  const paged = {
    ...counted,
    ...((isCut || whole.resources.length === pageSize) && { maxPageSize: whole.resources.length }),
  };
  if (whole.resources.length < 2) return paged;
  const first = await readUsers(scim, 'startIndex=1&count=1');
  const second = await readUsers(scim, 'startIndex=2&count=1');
  if (!first || !second) return paged;
  return { ...paged, pages: first.resources.length === 1 && idOf(first) !== idOf(second) };
}

async function measureReads(scim: ScimClient): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < timedReads; i++) {
    const startMs = performance.now();
    await scim.send('GET', '/Users?startIndex=1&count=1');
    times.push(performance.now() - startMs);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round((sorted[timedReads / 2 - 1]! + sorted[timedReads / 2]!) / 2);
}

async function readUsers(scim: ScimClient, query: string): Promise<ScimList | undefined> {
  const answer = await scim.send('GET', `/Users?${query}`);
  return answer.ok ? readList(answer.body) : undefined;
}

function idOf({ resources }: ScimList): unknown {
  const [one]: (JsonObject | undefined)[] = resources;
  return isObject(one) ? member(one, 'id') : undefined;
}
