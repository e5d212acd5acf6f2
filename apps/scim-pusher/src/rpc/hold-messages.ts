import { Hold_What, parseAppName, parseCustomerName, type Hold as Message } from '@autoprov/proto';
import type { Hold, HoldWhat } from '../store/holds.ts';
import { invalidField } from './errors.ts';

/** Reads whom a hold is for. Throws INVALID_ARGUMENT. */
export function readHoldParent(parent: string): string {
  if (parent === 'customers/-' || parseCustomerName(parent) || parseAppName(parent)) return parent;
  throw invalidField(
    'parent',
    'names nothing that can be held: write customers/{customer}/apps/{app}, customers/{customer} or customers/-',
  );
}

/** Reads what a hold keeps back. Throws INVALID_ARGUMENT. */
export function readWhat(what: Hold_What): HoldWhat {
  if (what === Hold_What.WHAT_REMOVALS) return 'removals';
  if (what === Hold_What.WHAT_WRITES) return 'writes';
  throw invalidField('what', 'says not what is held: send WHAT_REMOVALS or WHAT_WRITES');
}

/** Reads why somebody does something, for those who ask later. Throws INVALID_ARGUMENT. */
export function readReason(reason: string): string {
  if (/^\P{Cc}{1,500}$/u.test(reason)) return reason;
  throw invalidField('reason', 'must be 1 to 500 characters without control characters: say why, for those who ask');
}

/** The API's form of a hold. */
export function presentHold({ parent, what, reason, placedBy, placedAt }: Hold): Message {
  const kept = what === 'removals' ? Hold_What.WHAT_REMOVALS : Hold_What.WHAT_WRITES;
  return { parent, what: kept, reason, placedBy, placeTime: placedAt };
}

/** Holds in a sentence: what, by whom, since when and why. */
export function describeHolds(holds: readonly Hold[]): string {
  return holds
    .map(({ parent, what, reason, placedBy, placedAt }) => {
      const where = parent === 'customers/-' ? 'everywhere' : `for ${parent}`;
      return `${what} are held ${where} by ${placedBy} since ${placedAt.toISOString()}: ${reason}`;
    })
    .join('; ');
}
