import { actorOf, findEntry } from '@autoprov/failure-catalogue';
import type { Cause } from '@autoprov/proto';
import { patternOf } from './domain/cause.ts';
import { presentFailure } from './domain/failure.ts';
import type { FoundCause } from './store/causes.ts';

/** A cause as those see it who ask for the causes of `parent`. */
export function presentCause({ example: stored, origin, ...cause }: FoundCause, parent: string): Cause {
  const example = presentFailure(stored);
  const { code, reason, detail, title, resolution } = example;
  const entry = findEntry(code);
  return {
    ...cause,
    origin,
    code,
    reason,
    pattern: patternOf(detail),
    title,
    whoActs: entry ? actorOf(entry, reason) : 'platform operator',
    resolution,
    nextCommand: nextCommand(cause.causeId, parent),
    example,
    muteNote: '',
  };
}

/** The same without what may name a person or a group: it leaves the installation. */
export function presentAnonymousCause(cause: FoundCause, parent: string): Cause {
  const { example: _, ...rest } = presentCause({ ...cause, example: { ...cause.example, subject: '' } }, parent);
  return rest;
}

/** What to type to see who it is about. */
function nextCommand(causeId: string, parent: string): string {
  const customer = parent === 'customers/-' ? '' : ` --customer ${parent.replace('customers/', '')}`;
  return causeId === '' ? `autoprov failures${customer}` : `autoprov failures --cause ${causeId}${customer}`;
}
