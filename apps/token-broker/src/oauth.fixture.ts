import { startOAuthProvider, type OAuthProvider, type RegisteredClient } from '@autoprov/testing';
import { OAuthClient_Authentication, type OAuthClient } from '@autoprov/proto';
import { soon, startBrokerForTests, type BrokerForTests } from './broker.fixture.ts';

/** The broker, and a service provider's authorization server that we did not write. */
export async function startOAuthForTests(options: { accessTokenTtlSeconds?: number } = {}) {
  const broker = await startBrokerForTests();
  const provider = await startOAuthProvider({ tls: broker.localhost, ...options });
  return {
    broker,
    provider,
    stop: async () => {
      await broker.stop();
      await provider.stop();
    },
  };
}

/** A client of the authorization server, as an admin registers it with us. */
export function clientOf(
  provider: OAuthProvider,
  registered: RegisteredClient = provider.codeClient,
  changes: Partial<OAuthClient> = {},
): OAuthClient {
  const { authorizationUrl, tokenUrl, revocationUrl, issuer } = provider;
  const isMachine = registered === provider.machineClient;
  return {
    authorizationUrl: isMachine ? '' : authorizationUrl,
    tokenUrl,
    revocationUrl,
    issuer,
    clientId: registered.clientId,
    clientSecret: registered.clientSecret,
    authentication: isMachine
      ? OAuthClient_Authentication.AUTHENTICATION_POST
      : OAuthClient_Authentication.AUTHENTICATION_BASIC,
    scopes: ['scim'],
    authorizationParameters: {},
    ...changes,
  };
}

/** Begins an authorization; answers where the person agrees. */
export async function begin(
  broker: BrokerForTests,
  provider: OAuthProvider,
  { app, client = clientOf(provider) }: { app: string; client?: OAuthClient | undefined },
): Promise<string> {
  const request = { app, client, redirectUri: provider.redirectUri };
  return (await broker.clients.cli.beginAuthorization(request, soon)).authorizationUrl;
}

/** Begins, agrees and completes. */
export async function authorize(broker: BrokerForTests, provider: OAuthProvider, app: string) {
  const redirectedUrl = await provider.agree(await begin(broker, provider, { app }));
  return (await broker.clients.cli.completeAuthorization({ app, redirectedUrl }, soon)).credential!;
}

/** Lets the access token of an app be about to end; its end is only what is stored of it. */
export async function age(broker: BrokerForTests, app: string): Promise<void> {
  await broker.pool.query(
    `update oauth_tokens set make_time = make_time - interval '1 hour', expire_time = now() + interval '1 minute'
     where 'customers/' || customer_id || '/apps/' || app_id = $1`,
    [app],
  );
}

/** Whether a statement of a broker waits for a row that somebody else has locked. */
export async function isLockAwaited(broker: BrokerForTests): Promise<boolean> {
  const { rows } = await broker.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}
