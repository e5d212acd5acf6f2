import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from '@autoprov/service';
import { createSealer, UnknownKeyError, type Sealer } from './domain/sealing.ts';
import { parseSealingKeys } from './domain/sealing-keys.ts';

/** A sealer whose keys are those of a file, also when that changes. */
export type KeyFileSealer = Sealer & {
  /** Reads the file again. One that holds no keys changes nothing, and the log says what to do. */
  reload(): void;
};

/**
 * Seals and opens with the keys of a file. It is read again by `reload`, and at once when something was sealed by a key
 * that is not known: another replica has read the file already.
 *
 * @param keys what the file held at the start
 * @param onChange called when it holds others
 */
export function createKeyFileSealer(
  file: string,
  { keys, logger, onChange }: { keys: readonly Buffer[]; logger: Logger; onChange: () => void },
): KeyFileSealer {
  let current = createSealer(keys);
  let seen = digest(keys.map((key) => key.toString('base64')).join());

  function reload(): void {
    try {
      const read = parseSealingKeys(readFileSync(file, 'utf8'));
      const now = digest(read.map((key) => key.toString('base64')).join());
      if (now === seen) return;
      current = createSealer(read);
      seen = now;
      logger.info({ keys: read.length }, 'the sealing keys have changed: what another key sealed is sealed anew');
      onChange();
    } catch (err) {
      const problem = err instanceof Error ? err.message : String(err);
      if (seen === problem) return;
      seen = problem;
      const advice = 'correct SECRETS_KEY_FILE; the keys before go on being used';
      logger.error({ file, problem }, `the sealing keys can't be read: ${advice}`);
    }
  }

  function withNewestKeys<T>(work: (sealer: Sealer) => T): T {
    try {
      return work(current);
    } catch (err) {
      const before = current;
      if (err instanceof UnknownKeyError) reload();
      if (current === before) throw err;
      return work(current);
    }
  }

  return {
    get prefix() {
      return current.prefix;
    },
    roleOf: (keyId) => current.roleOf(keyId),
    seal: (secret, owner) => current.seal(secret, owner),
    open: (sealed, owner) => withNewestKeys((sealer) => sealer.open(sealed, owner)),
    reseal: (sealed, owner) => withNewestKeys((sealer) => sealer.reseal(sealed, owner)),
    reload,
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
