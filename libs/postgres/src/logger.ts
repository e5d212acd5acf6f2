type LogLine = (fields: object, message: string) => void;

/** The part of a pino logger this library needs; `console` fits too. */
export type Logger = { info: LogLine; warn: LogLine; error: LogLine };
