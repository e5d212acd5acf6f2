import { createSign } from 'node:crypto';
import { defineService, RpcError, status, type Service } from '@autoprov/grpc';
import {
  ConfigServiceService,
  ProvisioningSetup_State,
  SetupChange,
  ExtraScope,
  TokenBrokerServiceService,
  type GetDirectoryAccessTokenRequest,
  type ListSetupChangesRequest,
  type ListSetupChangesResponse,
} from '@autoprov/proto';
import { directoryScopes, optionalScopes, type ExampleDirectory } from '@autoprov/testing';

/** What a test wants of a setup. */
export type SetupWish = { groups?: string[]; attributes?: string[]; active?: boolean };

/** Stands in for config: the setups a test wants, as changes with growing revisions. */
export function createConfig() {
  const changes = new Map<string, SetupChange>();
  let revision = 0n;
  let silent = false;

  async function listSetupChanges({ sinceRevision }: ListSetupChangesRequest): Promise<ListSetupChangesResponse> {
    if (silent) throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'config is away');
    const due = [...changes.values()].filter((change) => change.revision > sinceRevision);
    return { changes: due, nextSinceRevision: revision, more: false };
  }
  return {
    service: serviceOf(ConfigServiceService, { listSetupChanges }),
    /** Stores a setup of `customers/{customer}/apps/{app}`. */
    put(app: string, { groups = [], attributes = ['primaryEmail'], active = true }: SetupWish): void {
      revision += 1n;
      const rows = attributes.map((value, i) => ({ target: `t${i}`, source: { $case: 'attribute' as const, value } }));
      const state = active ? ProvisioningSetup_State.STATE_ACTIVE : ProvisioningSetup_State.STATE_INACTIVE;
      const setup = { name: `${app}/setup`, revision, state, scope: { groups }, attributeMapping: { rows } };
      changes.delete(app);
      changes.set(app, SetupChange.fromPartial({ app, revision, setup }));
    },
    /** From now on it answers nothing, or again. */
    setSilent: (value: boolean) => void (silent = value),
  };
}

/** Stands in for the token broker: gets real tokens of the example directory, and keeps one until a new one is forced. */
export function createTokenBroker(directory: ExampleDirectory) {
  const tokens = new Map<string, Promise<string>>();
  const ownDirectories = new Map<string, OneDirectory>();
  let refusal: Refusal | undefined;
  async function getDirectoryAccessToken({ customer, forceNew, extraScope }: GetDirectoryAccessTokenRequest) {
    if (extraScope !== undefined) return getExtraToken(directory, extraScope);
    if (refusal) {
      const { reason, code } = refusal;
      throw new RpcError(status.FAILED_PRECONDITION, reason, 'no token', { metadata: { code } });
    }
    const token = (!forceNew && tokens.get(customer)) || fetchToken(ownDirectories.get(customer) ?? directory);
    tokens.set(customer, token);
    return { accessToken: await token, expireTime: new Date(Date.now() + 3_000_000) };
  }
  return {
    service: serviceOf(TokenBrokerServiceService, { getDirectoryAccessToken }),
    /** Gives a customer a directory of its own; all others share one. */
    setDirectory: (customer: string, own: OneDirectory) => void ownDirectories.set(customer, own),
    /** From now on it refuses so, or gives tokens again. */
    refuseWith: (value: Refusal | undefined) => void (refusal = value),
  };
}

type OneDirectory = Pick<ExampleDirectory, 'serviceAccountKey' | 'state' | 'tokenUrl' | 'url'>;
type Refusal = { reason: RpcError['reason']; code: string };

async function getExtraToken(directory: ExampleDirectory, extraScope: ExtraScope) {
  const { groups, orgUnits } = optionalScopes;
  const scope = extraScope === ExtraScope.EXTRA_SCOPE_GROUP_READONLY ? groups : orgUnits;
  const accessToken = await fetchToken(directory, [scope]).catch(() => {
    const metadata = { code: '17006', missing_scopes: scope };
    throw new RpcError(status.FAILED_PRECONDITION, 'SCOPE_MISSING', 'not granted', { metadata });
  });
  return { accessToken, expireTime: new Date(Date.now() + 3_000_000) };
}

/** A token of the example directory, as the broker would get it. */
export async function fetchToken(
  directory: OneDirectory,
  scopes: readonly string[] = directoryScopes,
): Promise<string> {
  const { client_email: iss, private_key: key, token_uri: aud } = directory.serviceAccountKey();
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss,
    aud,
    iat,
    exp: iat + 3600,
    sub: `admin@${directory.state.domain}`,
    scope: scopes.join(' '),
  };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createSign('RSA-SHA256').update(signed).sign(key, 'base64url');
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${signed}.${signature}`,
  });
  const answer = await fetch(directory.tokenUrl, { method: 'POST', body });
  if (answer.ok) return ((await answer.json()) as { access_token: string }).access_token;
  throw new RpcError(status.FAILED_PRECONDITION, 'DELEGATION_REVOKED', 'the three scopes were revoked', {
    metadata: { code: '17003' },
  });
}

/** A service of which only some methods are asked for. */
function serviceOf<Definition extends Parameters<typeof defineService>[0]['definition']>(
  definition: Definition,
  handlers: object,
): Service {
  const others = Object.keys(definition).map((name) => [
    name,
    () => Promise.reject(new Error(`${name} is not asked for`)),
  ]);
  return defineService({
    definition,
    handlers: { ...Object.fromEntries(others), ...handlers },
    allow: ['directory-reader'],
  } as unknown as Parameters<typeof defineService<Definition>>[0]);
}
