import type { CallContext, FieldViolation } from '@autoprov/grpc';
import type { SetCredentialRequest, SetCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { checkOAuthClient } from '../domain/oauth-client.ts';
import { writeClient } from '../domain/oauth-secrets.ts';
import { replaceCredential } from '../replace-credential.ts';
import { requireInstalled } from '../require-installed.ts';
import { newCredential, type StoredCredential } from '../store/credentials.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { invalidField, refuseViolations } from './errors.ts';
import { readApp } from './names.ts';
import { presentCredential } from './present.ts';

export async function setCredential(
  ctx: BrokerContext,
  { app, secret, expireTime, validateOnly, keepPrevious }: SetCredentialRequest,
  call: CallContext,
): Promise<SetCredentialResponse> {
  const key = readApp('app', app);
  const { kind, text, clientId = '' } = readSecret(secret, ctx.allowedHosts);
  if (keepPrevious && kind !== 'bearer') throw invalidField('keep_previous', 'only bearer tokens can be two at a time');
  await requireInstalled(ctx, app, call);
  const version = await takeSecretVersion(ctx.pool);
  const sealed = ctx.sealer.seal(text, { ...key, kind, version });
  const credential = { ...key, kind, version, sealed, clientId, expireTime: expireTime ?? null };
  const now = ctx.now();
  const stored = validateOnly
    ? newCredential(credential, now)
    : await replaceCredential(ctx, credential, { keepPrevious });
  return { credential: presentCredential(stored, now) };
}

type Secret = Pick<StoredCredential, 'kind'> & { text: string; clientId?: string };

/** What is stored of the secret, sealed: the Authorization header that it makes, or the OAuth client. */
function readSecret(secret: SetCredentialRequest['secret'], allowedHosts: readonly string[]): Secret {
  switch (secret?.$case) {
    case 'bearerToken':
      // RFC 6750 §2.1 allows less, but service providers also give out tokens with "|" or ":". No white space: it would
      // end the header or come from a careless paste.
      if (!/^[\x21-\x7e]{1,8192}$/.test(secret.value)) {
        throw invalidField('bearer_token', 'a token has visible ASCII characters only: paste it without spaces');
      }
      return { kind: 'bearer', text: `Bearer ${secret.value}` };
    case 'basic': {
      const { username, password } = secret.value;
      refuseViolations([...checkText('basic.username', username), ...checkText('basic.password', password)]);
      if (username.includes(':')) throw invalidField('basic.username', 'it must have no colon (RFC 7617)');
      return { kind: 'basic', text: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    }
    case 'clientCredentials': {
      const [field, grant] = ['client_credentials', 'client_credentials'] as const;
      refuseViolations(checkOAuthClient(secret.value, { field, grant, allowedHosts }));
      const { clientId } = secret.value;
      return { kind: 'oauth_client_credentials', text: writeClient(secret.value), clientId };
    }
    case undefined:
      throw invalidField('secret', 'give bearer_token, basic or client_credentials');
  }
}

function checkText(field: string, text: string): FieldViolation[] {
  if (/^\P{Cc}{1,1024}$/u.test(text)) return [];
  return [{ field, description: 'it must be 1 to 1,024 characters without control characters (RFC 7617)' }];
}
