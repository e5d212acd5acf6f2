import { fillIn, findEntry, resolutionOf } from '@autoprov/failure-catalogue';
import { Failure_Scope, type Failure } from '@autoprov/proto';

/** A failure as the fold knows it: without what is looked up elsewhere. */
export type KeptFailure = Omit<Failure, 'title' | 'resolution' | 'primaryEmail' | 'group'> & {
  /** What the facts behind it are about. */
  subject: string;
};

/** A failure as it is stored: with the person's address, once the directory has said it. */
export type StoredFailure = KeptFailure & { primaryEmail: string };

/** The failure as others see it: with the title and the resolution of the error model. */
export function presentFailure({ subject, ...stored }: StoredFailure): Failure {
  const failure = { ...stored, group: groupOf(subject, stored) };
  const { code, reason, app, customer } = failure;
  const entry = findEntry(code);
  // A service of a newer version may know a code that this one does not.
  if (!entry) return { ...failure, title: reason || code, resolution: [] };
  const values = { ...elsewhere, customer, app: app || 'the app', ...groupIn(subject) };
  const fill = (text: string) => fillIn(text, values);
  return { ...failure, title: fill(entry.title), resolution: resolutionOf(entry, reason).map(fill) };
}

/** What this service is not told, in words that say where it is found. */
const elsewhere = {
  clientId: 'client_id in the key file of the service account',
  delegationLink: 'https://admin.google.com/ac/owl/domainwidedelegation',
  adminEmail: '(`adminEmail` of the customer)',
  file: 'FILE.yaml',
  missingScope: 'named in the detail',
  group: 'the group that is named in the detail',
};

/** The group whose push failed, as its outcome names it; empty: it is about something else. */
function groupOf(subject: string, { scope, customer }: Pick<StoredFailure, 'scope' | 'customer'>): string {
  const { group } = groupIn(subject);
  return scope === Failure_Scope.SCOPE_RESOURCE && group !== undefined ? `${customer}/groups/${group}` : '';
}

function groupIn(subject: string): { group?: string } {
  const [, group] = subject.split('/groups/');
  return group === undefined ? {} : { group };
}
