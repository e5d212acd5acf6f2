import { maskAddresses } from '../domain/mask-addresses.ts';
import { invalidRequest } from './failure-question.ts';

const NOTE_LENGTH_MAX = 500;

/**
 * What a person wrote, without mail addresses.
 *
 * @param needed what it must say; undefined: it may be empty
 * @throws RpcError INVALID_ARGUMENT
 */
export function readNote(note: string, needed: string | undefined): string {
  const trimmed = note.trim();
  if (needed !== undefined && trimmed === '') throw invalidRequest([{ field: 'note', description: needed }]);
  if (trimmed.includes('\0')) {
    throw invalidRequest([{ field: 'note', description: 'must not hold U+0000, which cannot be stored' }]);
  }
  if (trimmed.length > NOTE_LENGTH_MAX) {
    throw invalidRequest([{ field: 'note', description: `must have at most ${NOTE_LENGTH_MAX} characters` }]);
  }
  return maskAddresses(trimmed);
}
