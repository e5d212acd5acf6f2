import type { DirectoryUser } from '@autoprov/proto';

/** No address is longer (RFC 5321 §4.5.3.1), and no index takes what is much longer. */
const maxLength = 320;

/** A user's other addresses, as the directory spells them (Google's users resource). */
export function aliasesOf({ attributes }: DirectoryUser): string[] {
  const { aliases = [], nonEditableAliases = [] } = (attributes ?? {}) as Record<string, unknown>;
  return [aliases, nonEditableAliases].flat().filter(isAddress);
}

/** And nothing that PostgreSQL cannot store. */
function isAddress(alias: unknown): alias is string {
  return typeof alias === 'string' && alias.length <= maxLength && alias.isWellFormed() && !alias.includes('\0');
}
