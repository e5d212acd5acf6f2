import { digestOf, isObject, member, type JsonObject, type JsonValue } from '@autoprov/scim';
import { withFound, type Drift } from './compare-account.ts';
import type { Account } from './model.ts';
import { recognizeExternalId } from './recognize-external-id.ts';

const dayMs = 86_400_000;
const maxShownChars = 1_000;

/** What a comparison tells: what others changed, what is gone, whose account it may be, whose it is not. */
export type FindingKind = 'drift' | 'missing' | 'unlinked' | 'orphan';

/** One thing that a comparison has found. */
export type Finding = {
  kind: FindingKind;
  scimId: string;
  userName: string;
  userId?: string;
  /** Of drift; otherwise ''. */
  attribute: string;
  accepted?: JsonValue;
  found?: JsonValue;
  modifiedAt?: Date;
  externalIdOrigin?: string;
  repair?: 'due' | 'stopped';
};

/** An account, and what of it is not as accepted. */
export type Compared = { account: Account; drifts: Drift[]; resource: JsonObject };

/**
 * What is told of an account, and what of it is repaired: nothing that was repaired before and is changed again.
 *
 * @param repairs whether anything is repaired at all
 * @param repaired attributes that the comparison before had changed back
 */
export function judgeDrift(
  { account, drifts, resource }: Compared,
  { repairs, repaired, now }: { repairs: boolean; repaired: readonly string[]; now: Date },
) {
  const modifiedAt = modifiedAfter(resource, account.acceptedAt, now);
  const stopped = (attribute: string) => repaired.includes(attribute);
  const findings = drifts.map((drift): Finding => {
    const origin = originOf(drift, resource);
    return {
      kind: 'drift',
      scimId: account.scimId!,
      userName: userNameOf(resource),
      userId: account.userId,
      ...cutValues(drift),
      ...(modifiedAt && { modifiedAt }),
      ...(origin && { externalIdOrigin: origin }),
      ...(repairs && { repair: stopped(drift.attribute) ? 'stopped' : 'due' }),
    };
  });
  return { findings, due: repairs ? drifts.filter(({ attribute }) => !stopped(attribute)) : [] };
}

/** When the service provider says that the account was changed, where that is after our last write and may be true. */
function modifiedAfter(resource: JsonObject, acceptedAt: Date | undefined, now: Date): Date | undefined {
  const meta = member(resource, 'meta');
  const text = isObject(meta) ? member(meta, 'lastModified') : undefined;
  if (typeof text !== 'string' || !acceptedAt) return undefined;
  const modified = new Date(text);
  return modified > acceptedAt && modified.getTime() < now.getTime() + dayMs ? modified : undefined;
}

/** People look at them: what is longer is told by its beginning. */
function cutValues(drift: Drift): Drift {
  const entries = Object.entries(drift).map(([name, value]): [string, JsonValue] => {
    const text = name === 'attribute' ? '' : JSON.stringify(value);
    return [name, text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : value];
  });
  return Object.fromEntries(entries) as Drift;
}

function originOf({ attribute, found }: Drift, resource: JsonObject): string | undefined {
  if (attribute !== 'externalId' || typeof found !== 'string') return undefined;
  return recognizeExternalId(found, [userNameOf(resource)]);
}

/** The account as it was found, in place of what was accepted. */
export function foundAs({ accepted, state }: Account, drifts: readonly Drift[]) {
  const found = withFound(accepted!, drifts);
  const isChanged = drifts.some(({ attribute }) => attribute === 'active');
  const foundState = found.active === false ? ('suspended' as const) : ('active' as const);
  return {
    state: isChanged ? foundState : (state as 'active' | 'suspended'),
    accepted: found,
    acceptedDigest: digestOf(found),
  };
}

function userNameOf(resource: JsonObject): string {
  const userName = member(resource, 'userName');
  return typeof userName === 'string' ? userName.slice(0, 500) : '';
}
