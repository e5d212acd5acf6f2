import { z } from 'zod';

/** The environment is not fit to start with. The message names every variable at fault and what it must be. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
}

/**
 * Reads the variables of `shape` from `env`, all at once; others are ignored, and an empty one counts as not set.
 * Throws an EnvError that lists every mistake. It never repeats a value, so that a secret cannot end in a log.
 */
export function parseEnv<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  env: Record<string, string | undefined>,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;

  const lines = parsed.error.issues.map(({ path, message }) => {
    const variable = String(path[0]);
    const state = given[variable] === undefined ? 'is not set' : 'is wrong';
    return `  ${variable} ${state}: ${message}`;
  });
  throw new EnvError(`the environment is not complete; correct it and start again:\n${[...new Set(lines)].join('\n')}`);
}
