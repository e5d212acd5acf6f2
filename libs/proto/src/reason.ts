import type { ErrorReason } from './gen/autoprov/error/v1/error_reason.ts';

/** The names of autoprov.error.v1.ErrorReason as they stand in google.rpc.ErrorInfo: without the enum's prefix. */
export type Reason = {
  [Name in keyof typeof ErrorReason]: Name extends `ERROR_REASON_${infer Short}` ? Short : never;
}[keyof typeof ErrorReason];
