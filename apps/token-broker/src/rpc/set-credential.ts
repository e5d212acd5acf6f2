import { inTransaction } from '@autoprov/postgres';
import type { SetCredentialRequest, SetCredentialResponse } from '@autoprov/proto';
import type { BrokerContext } from '../context.ts';
import { nextCredentialVersion, saveCredential, type StoredCredential } from '../store/credentials.ts';
import { invalidField } from './errors.ts';
import { readApp } from './names.ts';
import { presentCredential } from './present.ts';

export async function setCredential(ctx: BrokerContext, request: SetCredentialRequest): Promise<SetCredentialResponse> {
  const { customerId, appId } = readApp('app', request.app);
  const { kind, headerValue } = readSecret(request.secret);
  return inTransaction(ctx.pool, async (tx) => {
    const version = await nextCredentialVersion(tx, customerId, appId);
    const credential: StoredCredential = {
      customerId,
      appId,
      kind,
      version,
      sealed: ctx.sealer.seal(headerValue, { customerId, appId, kind, version }),
      expireTime: request.expireTime ?? null,
      updateTime: ctx.now(),
    };
    if (!request.validateOnly) await saveCredential(tx, credential);
    return { credential: presentCredential(credential) };
  });
}

/** The Authorization header that the secret makes; what is stored is that header, sealed. */
function readSecret(secret: SetCredentialRequest['secret']): Pick<StoredCredential, 'kind'> & { headerValue: string } {
  switch (secret?.$case) {
    case 'bearerToken':
      // RFC 6750 §2.1; anything else would end or split the header.
      if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(secret.value)) {
        throw invalidField('bearer_token', 'a token has letters, digits and -._~+/= only: paste it without spaces');
      }
      return { kind: 'bearer', headerValue: `Bearer ${secret.value}` };
    case 'basic': {
      const { username, password } = secret.value;
      if (username === '' || username.includes(':')) {
        throw invalidField('basic.username', 'it must not be empty and have no colon (RFC 7617)');
      }
      return { kind: 'basic', headerValue: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    }
    case undefined:
      throw invalidField('secret', 'give bearer_token or basic');
  }
}
