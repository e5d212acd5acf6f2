import {
  type AdoptionTotals,
  PlannedAdoption as Message,
  PlannedAdoption_Kind,
  PlannedAdoption_Note,
} from '@autoprov/proto';
import type { AdoptionKind, AdoptionNote } from '../domain/judge-adoption.ts';
import type { AppKey } from '../domain/model.ts';
import type { PlannedAdoption } from '../push/plan-adoptions.ts';
import { isAdoptionHeld, type AdoptionTally } from '../push/tally-adoptions.ts';
import type { UnmatchedAccount } from '../store/surveyed-accounts.ts';
import { toChanges } from './present-planned-action.ts';
import { presentDanger } from './present-held-action.ts';

const kinds: Record<AdoptionKind, PlannedAdoption_Kind> = {
  adopt: PlannedAdoption_Kind.KIND_ADOPT,
  create: PlannedAdoption_Kind.KIND_CREATE,
  ambiguous: PlannedAdoption_Kind.KIND_AMBIGUOUS,
  foreign: PlannedAdoption_Kind.KIND_FOREIGN,
  taken: PlannedAdoption_Kind.KIND_TAKEN,
  'left alone': PlannedAdoption_Kind.KIND_LEFT_ALONE,
  refuse: PlannedAdoption_Kind.KIND_REFUSED,
};

const notes: Record<AdoptionNote, PlannedAdoption_Note> = {
  'letter case': PlannedAdoption_Note.NOTE_LETTER_CASE,
  handle: PlannedAdoption_Note.NOTE_HANDLE,
  inactive: PlannedAdoption_Note.NOTE_INACTIVE,
};

/** Whether people should see a row: something would be sent, or is to be noted. */
export function isNotable({ adoption, contested }: PlannedAdoption): boolean {
  if (!adoption) return false;
  const isQuiet = adoption.kind === 'adopt' && adoption.changes.length === 0 && adoption.notes.length === 0;
  return !isQuiet || contested || adoption.externalIdOrigin !== undefined;
}

/** The API's form of what would become of a person. */
export function presentAdoption({ customerId }: AppKey, planned: PlannedAdoption, tally: AdoptionTally): Message {
  const { userId, adoption, contested } = planned;
  const row = Message.fromPartial({ user: `customers/${customerId}/users/${userId}` });
  if (!adoption) {
    return { ...row, kind: PlannedAdoption_Kind.KIND_LINKED, explanation: 'linked to an account already' };
  }
  const { kind, hit, externalIdOrigin } = adoption;
  // Of several accounts none is named.
  const isOne = hit !== undefined && kind !== 'ambiguous';
  return {
    ...row,
    kind: kinds[kind],
    explanation: adoption.explanation,
    scimId: isOne ? (hit.id ?? '') : '',
    userName: hit?.userName ?? '',
    matchedBy: adoption.matchedBy ?? '',
    externalId: isOne && externalIdOrigin ? hit.externalId! : '',
    externalIdOrigin: isOne ? (externalIdOrigin ?? '') : '',
    notes: [
      ...adoption.notes.map((note) => notes[note]),
      ...(isOne && externalIdOrigin ? [PlannedAdoption_Note.NOTE_FOREIGN_EXTERNAL_ID] : []),
      ...(contested ? [PlannedAdoption_Note.NOTE_CONTESTED] : []),
    ],
    changes: toChanges(adoption.changes, adoption.accepted),
    dangers: adoption.dangers.map(presentDanger),
    held: isAdoptionHeld(adoption, tally),
  };
}

/** The API's form of an account that matches nobody in scope; `why`: about who has its user name as address. */
export function presentUnmatched(
  { customerId }: AppKey,
  { resource, userId }: UnmatchedAccount,
  why: string | undefined,
): Message {
  const whose = why === undefined ? 'matches nobody in the directory' : `matches nobody in scope: ${why}`;
  const state = resource.active === false ? 'inactive' : 'active';
  return {
    ...Message.fromPartial({}),
    user: userId === undefined ? '' : `customers/${customerId}/users/${userId}`,
    kind: PlannedAdoption_Kind.KIND_UNMATCHED,
    explanation: `${whose}; stays ${state}, is never touched`,
    scimId: resource.id ?? '',
    userName: resource.userName ?? '',
    externalId: resource.externalId ?? '',
    notes: resource.active === false ? [PlannedAdoption_Note.NOTE_INACTIVE] : [],
  };
}

/** The API's form of a report in numbers. */
export function presentTotals(
  tally: AdoptionTally,
  about: {
    setupRevision: bigint;
    listed: boolean;
    readCount: number;
    contested: number;
    unmatched: { all: number; active: number };
  },
): AdoptionTotals {
  const kind = (one: AdoptionKind) => BigInt(tally.kinds.get(one) ?? 0);
  const note = (one: AdoptionNote) => BigInt(tally.notes.get(one) ?? 0);
  return {
    waitingFor: [],
    setupRevision: about.setupRevision,
    listed: about.listed,
    accountCount: BigInt(about.readCount),
    linked: BigInt(tally.linked),
    adopts: kind('adopt'),
    equal: BigInt(tally.equal),
    held: BigInt(tally.held),
    contested: BigInt(about.contested),
    creates: kind('create'),
    ambiguous: kind('ambiguous'),
    foreign: kind('foreign'),
    taken: kind('taken'),
    leftAlone: kind('left alone'),
    refusals: kind('refuse'),
    letterCase: note('letter case'),
    handles: note('handle'),
    inactive: note('inactive'),
    externalIdOrigins: Object.fromEntries([...tally.externalIdOrigins].map(([origin, n]) => [origin, BigInt(n)])),
    unmatchedAccounts: about.listed ? BigInt(about.unmatched.all) : 0n,
    unmatchedActiveAccounts: about.listed ? BigInt(about.unmatched.active) : 0n,
  };
}
