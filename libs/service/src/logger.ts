import { pino } from 'pino';
import { serializeError } from './serialize-error.ts';

/** Writes one JSON object a line: `logger.info({ app }, 'setup activated')`. */
export type Logger = pino.Logger;

const secretNames = [
  'accessToken',
  'assertion',
  'authorization',
  'Authorization',
  'clientSecret',
  'cookie',
  'idToken',
  'password',
  'privateKey',
  'refreshToken',
  'secret',
  'token',
];

/**
 * A logger to stdout, or to `destination`. Messages are a fixed lower-case phrase; what varies goes into fields, errors
 * into `err`. The names above are a net under `Secret`, not a replacement: they reach two levels deep.
 */
export function createLogger(
  { service, level = 'info' }: { service: string; level?: string },
  destination: { write(line: string): void } = pino.destination({ fd: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]), censor: '[secret]' },
    },
    destination,
  );
}
