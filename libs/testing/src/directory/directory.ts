import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { makeChannels } from './channels.ts';
import type { Channels } from './channels.ts';
import type { Fault, RequestKind } from './faults.ts';
import { requestKinds } from './faults.ts';
import type { RateLimit } from './rate-limit.ts';
import type { DirectoryState, GoogleUser } from './state.ts';

/** The three read-only scopes that are granted at first. */
export const directoryScopes = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.userschema.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
];

/** Read-only scopes that nobody has unless an admin grants them. */
export const optionalScopes = {
  groups: 'https://www.googleapis.com/auth/admin.directory.group.readonly',
  orgUnits: 'https://www.googleapis.com/auth/admin.directory.orgunit.readonly',
};

/** Google's own token endpoint: the audience that clients sign for wherever the example directory listens. */
export const googleTokenUrl = 'https://oauth2.googleapis.com/token';

/** A service account's key file, as Google's console downloads it. */
export type ServiceAccountKey = {
  type: 'service_account';
  project_id: string;
  private_key_id: string;
  private_key: string;
  client_email: string;
  client_id: string;
  auth_uri: string;
  token_uri: string;
  universe_domain: string;
};

/** Makes a new key file of a new service account. The client id is what an admin grants scopes to. */
export function makeServiceAccountKey(): ServiceAccountKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    type: 'service_account',
    project_id: 'autoprov-example',
    private_key_id: randomBytes(20).toString('hex'),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: `autoprov-${randomBytes(4).toString('hex')}@autoprov-example.iam.gserviceaccount.com`,
    client_id: `1${randomBytes(10).readBigUInt64BE().toString().padStart(20, '0')}`,
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: googleTokenUrl,
    universe_domain: 'googleapis.com',
  };
}

/** The Google customer that a service account is of: each has its own, and keeps it when the directory is started anew. */
export function customerIdOf({ client_id: clientId }: ServiceAccountKey): string {
  const digest = createHash('sha256').update(clientId).digest('base64url');
  return `C0${digest
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 7)}`;
}

/** A running directory's inside: its people, who may read them, what goes wrong, and what was asked. */
export type Directory = {
  state: DirectoryState;
  /** Grows with each change; the sorted list below is of that version. */
  version: number;
  sorted?: { version: number; by: 'id' | 'primaryEmail'; users: GoogleUser[] };
  /** While set, users.list answers from this old copy and users.get from the truth: Google's list is an index that lags. */
  laggingUsers?: GoogleUser[];
  /** The same for single users, by id. */
  laggingUser: Map<string, GoogleUser>;
  /** The most items on a page, whatever is asked for: Google may answer with fewer than maxResults. */
  pageSizeMax?: number;
  clientEmail: string;
  publicKey: KeyObject;
  grantedScopes: Set<string>;
  /** Access tokens given out. */
  tokens: Map<string, { scopes: string[]; subject: string; expiresAtMs: number }>;
  faults: Fault[];
  latencyMs: number;
  /** While set, requests of the Admin SDK above it are refused. */
  rateLimit?: RateLimit;
  /** How far the token endpoint's clock is ahead of ours. */
  tokenClockOffsetMs: number;
  counts: Record<RequestKind, number>;
  channels: Channels;
};

/** A directory with all three scopes granted and nothing wrong. */
export function makeDirectory(state: DirectoryState, key: ServiceAccountKey): Directory {
  return {
    state,
    version: 1,
    clientEmail: key.client_email,
    publicKey: createPublicKey(key.private_key),
    grantedScopes: new Set(directoryScopes),
    tokens: new Map(),
    laggingUser: new Map(),
    faults: [],
    latencyMs: 0,
    tokenClockOffsetMs: 0,
    counts: zeroCounts(),
    channels: makeChannels(),
  };
}

/** Counters at zero. */
export function zeroCounts(): Record<RequestKind, number> {
  return Object.fromEntries(requestKinds.map((kind) => [kind, 0])) as Record<RequestKind, number>;
}
