import { types } from 'node:util';

/** An error as it stands in a log line. */
export type SerializedError = {
  type: string;
  message: string;
  code?: string | number;
  stack?: string;
  cause?: SerializedError;
  errors?: SerializedError[];
};

const MAX_DEPTH = 5;

/**
 * Makes anything that was thrown fit for the log, with its causes. Only the fields above are taken: libraries hang
 * requests with their headers (HTTP clients) and rows with their values (pg's `detail`) on errors.
 */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  if (!types.isNativeError(thrown)) {
    return {
      type: typeof thrown,
      message: typeof thrown === 'string' ? thrown : Object.prototype.toString.call(thrown),
    };
  }
  const { code } = thrown as { code?: unknown };
  const { errors } = thrown as { errors?: unknown };
  return {
    type: thrown.name,
    message: thrown.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(thrown.cause !== undefined && depth < MAX_DEPTH && { cause: serializeError(thrown.cause, depth + 1) }),
    ...(Array.isArray(errors) &&
      depth < MAX_DEPTH && { errors: errors.map((inner) => serializeError(inner, depth + 1)) }),
  };
}
