import type { CallContext, FieldViolation } from '@autoprov/grpc';
import type { SetCredentialRequest, SetCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { reportPassed } from '../report-checks.ts';
import { requireInstalled } from '../require-installed.ts';
import { saveCredential, type StoredCredential } from '../store/credentials.ts';
import { takeSecretVersion } from '../store/secret-versions.ts';
import { invalidField, refuseViolations } from './errors.ts';
import { readApp } from './names.ts';
import { presentCredential } from './present.ts';

export async function setCredential(
  ctx: BrokerContext,
  { app, secret, expireTime, validateOnly }: SetCredentialRequest,
  call: CallContext,
): Promise<SetCredentialResponse> {
  const key = readApp('app', app);
  const { kind, headerValue } = readSecret(secret);
  await requireInstalled(ctx, app, call);
  const version = await takeSecretVersion(ctx.pool);
  const sealed = ctx.sealer.seal(headerValue, { ...key, kind, version });
  const credential = { ...key, kind, version, sealed, expireTime: expireTime ?? null, updateTime: ctx.now() };
  if (!validateOnly) {
    await saveCredential(ctx.pool, credential);
    await reportPassed(ctx, app);
  }
  return { credential: presentCredential(credential) };
}

/** The Authorization header that the secret makes; what is stored is that header, sealed. */
function readSecret(secret: SetCredentialRequest['secret']): Pick<StoredCredential, 'kind'> & { headerValue: string } {
  switch (secret?.$case) {
    case 'bearerToken':
      // RFC 6750 §2.1 allows less, but service providers also give out tokens with "|" or ":". No white space: it would
      // end the header or come from a careless paste.
      if (!/^[\x21-\x7e]{1,8192}$/.test(secret.value)) {
        throw invalidField('bearer_token', 'a token has visible ASCII characters only: paste it without spaces');
      }
      return { kind: 'bearer', headerValue: `Bearer ${secret.value}` };
    case 'basic': {
      const { username, password } = secret.value;
      refuseViolations([...checkText('basic.username', username), ...checkText('basic.password', password)]);
      if (username.includes(':')) throw invalidField('basic.username', 'it must have no colon (RFC 7617)');
      return { kind: 'basic', headerValue: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    }
    case 'clientCredentials':
    case undefined:
      throw invalidField('secret', 'give bearer_token or basic');
  }
}

function checkText(field: string, text: string): FieldViolation[] {
  if (/^\P{Cc}{1,1024}$/u.test(text)) return [];
  return [{ field, description: 'it must be 1 to 1,024 characters without control characters (RFC 7617)' }];
}
