import kafkajs from 'kafkajs';
import type { logCreator } from 'kafkajs';

type Log = (fields: object, message: string) => void;

/** What this library asks of a logger; a pino logger fits. */
export type Logger = { error: Log; warn: Log; info: Log; debug: Log };

/** Hands kafkajs's log lines to our logger, level by level. */
export function bridgeLogs(logger: Logger): logCreator {
  const { logLevel } = kafkajs;
  return () =>
    ({ level, namespace, log }) => {
      const { message, ...fields } = log;
      const entry = { ...fields, namespace };
      if (level === logLevel.ERROR) logger.error(entry, message);
      else if (level === logLevel.WARN) logger.warn(entry, message);
      else if (level === logLevel.INFO) logger.info(entry, message);
      else logger.debug(entry, message);
    };
}
