import type { Writable } from 'node:stream';

/** What a command may use of the world around it. */
export type Io = {
  /** Prints a result and a line break. */
  out: (text: string) => void;
  /** Prints progress, or an error, and a line break. */
  err: (text: string) => void;
  /** For results that are too long for one text. */
  stdout: Writable;
  stdin: AsyncIterable<Buffer | string>;
  env: Record<string, string | undefined>;
  cwd: string;
};

/** The command line is wrong: the message says how it is right. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood and could not be done: the message says why and what to do. Exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
