/** Where a failure is opened, once: configuration failures are answers to a call, the others live until resolved. */
export type FailureScope = 'configuration' | 'platform' | 'customer' | 'setup' | 'resource';

/** Who has to act. */
export type Actor = 'platform operator' | 'Workspace admin' | 'app owner' | 'nobody';

/** Canonical gRPC status of a configuration failure; OK is a warning in the answer. */
export type GrpcStatus =
  'OK' | 'INVALID_ARGUMENT' | 'ALREADY_EXISTS' | 'FAILED_PRECONDITION' | 'ABORTED' | 'UNAVAILABLE';

/** A finer reason under a code, with its own way out where that differs. */
export interface FinerReason {
  reason: string;
  meaning: string;
  actor: Actor;
  resolution: readonly string[];
}

/**
 * One failure of the published error model. Texts may hold placeholders in braces, such as {clientId}: see fillIn.
 * Resolutions are for a self-hosted product, in our own words.
 */
export interface CatalogueEntry {
  /** The code, or for configuration failures the reason of google.rpc.ErrorInfo. */
  id: string;
  code?: string;
  scope: FailureScope;
  grpcStatus?: GrpcStatus;
  title: string;
  /** The published lines about it, letter for letter. */
  seedText: readonly string[];
  /** The published message that a person sees; configuration failures only. */
  message?: string;
  /** What raises it. */
  condition: string;
  /** True or false, or under which circumstance it does. */
  resolvesItself: boolean | string;
  actor: Actor;
  resolution: readonly string[];
  /** What the system does meanwhile. */
  retryPolicy: string;
  reasons?: readonly FinerReason[];
}
