import { getAccessToken } from './access-token.ts';
import type { BrokerContext } from './context.ts';
import { openSealed } from './open-sealed.ts';
import { findPreviousCredential, noteBearerRefused, type StoredCredential } from './store/credentials.ts';

/** The value of an Authorization header, of which version of the secret it is, and how long it is good at most. */
export type AppAuthorization = { headerValue: string; version: bigint; expireTime: Date | null };

/** Of two bearer tokens the other one is tried at most so often: many who were refused come at once. */
const SWITCH_AT_MOST_EVERY_MS = 5_000;

/**
 * The header for an app's service provider.
 *
 * @param forceNew the last one was refused: an access token is renewed; of two bearer tokens it is the other's turn
 */
export async function authorizeApp(
  ctx: BrokerContext,
  credential: StoredCredential,
  forceNew: boolean,
): Promise<AppAuthorization> {
  switch (credential.kind) {
    case 'oauth_code':
    case 'oauth_client_credentials': {
      const { accessToken, ...rest } = await getAccessToken(ctx, credential, forceNew);
      return { ...rest, headerValue: `Bearer ${accessToken}` };
    }
    case 'bearer':
    case 'basic': {
      const { version, sealed } = credential.previousKept ? await pickBearer(ctx, credential, forceNew) : credential;
      const headerValue = openSealed(ctx, { ...credential, version, sealed });
      return { headerValue, version, expireTime: null };
    }
  }
}

type Bearer = Pick<StoredCredential, 'version' | 'sealed' | 'expireTime'>;

/** The newest of two tokens, unless it was the last to be refused or has ended while the other has not. */
async function pickBearer(ctx: BrokerContext, credential: StoredCredential, forceNew: boolean): Promise<Bearer> {
  const now = ctx.now();
  const previous = await findPreviousCredential(ctx.pool, credential);
  const usable: Bearer[] = [credential, ...(previous ? [previous] : [])].filter(
    ({ expireTime }) => expireTime === null || expireTime > now,
  );
  const pick = (refused: bigint | null) => usable.find(({ version }) => version !== refused) ?? usable[0] ?? credential;
  const current = pick(credential.refusedVersion);
  const sinceSwitchMs = now.getTime() - (credential.refusedTime?.getTime() ?? 0);
  if (!forceNew || sinceSwitchMs < SWITCH_AT_MOST_EVERY_MS) return current;
  await noteBearerRefused(ctx.pool, credential, { version: current.version, time: now });
  return pick(current.version);
}
