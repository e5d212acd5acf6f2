import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import { Secret } from './secret.ts';

// setTimeout runs at once when it is given more.
const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * Ready-made variables for `parseEnv`. Each tells in its message what it expects, with an example; all are zod schemas,
 * so `.optional()` and `.default(…)` work on them.
 */
export const field = {
  /** host:port, as a string. */
  address: z
    .string('must be host:port, for example 127.0.0.1:7001')
    .refine(isAddress, 'must be host:port, for example 127.0.0.1:7001'),

  /** An absolute URL, as a string. */
  url: z.url('must be an absolute URL, for example https://idp.example.com/'),

  /** A whole number of milliseconds, zero or more. */
  durationMs: wholeNumber('must be milliseconds from 0 to 2147483647, for example 5000', 0, MAX_DURATION_MS),

  /** A whole number of milliseconds in either direction. */
  offsetMs: wholeNumber('must be milliseconds, for example -86400000', -(2 ** 52), 2 ** 52),

  /** A whole number, zero or more. */
  count: wholeNumber('must be a whole number, for example 10', 0, Number.MAX_SAFE_INTEGER),

  /** The path of a file that this process can read. */
  filePath: z
    .string('must be the path of a file, for example /etc/autoprov/tls/ca.pem')
    .refine(isReadable, 'names a file that this process cannot read: create it or correct its permissions'),

  /** Values between commas, as a list of at least one. */
  list: z
    .string('must be values between commas, for example a.example:9092,b.example:9092')
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .refine((items) => items.length > 0, 'must hold at least one value, for example a.example:9092'),

  /** true or false. */
  boolean: z.enum(['true', 'false'], 'must be true or false').transform((word) => word === 'true'),

  /** A value that is never printed. */
  secret: z.string('must be set to the secret itself').transform((text) => new Secret(text)),

  /** From how grave on lines are logged; info unless said. */
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'must be fatal, error, warn, info, debug or trace')
    .default('info'),
};

function wholeNumber(message: string, min: number, max: number) {
  return z
    .string(message)
    .regex(/^[+-]?\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function isAddress(text: string): boolean {
  const port = /^(?:[\w.-]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
