import { status } from '@grpc/grpc-js';
import type { ConfigServiceService, RoleBinding } from '@autoprov/proto';
import type { RpcClient } from './client.ts';
import { RpcError } from './rpc-error.ts';

/** For so long bindings are used without asking: with the time-out below, a removed role is out within 10 s. */
const FRESH_MS = 5_000;
const TIMEOUT_MS = 3_000;
/** For so long they are used while config does not answer. */
const KEPT_MS = 300_000;
/** While config does not answer, not every call waits for it. */
const PAUSE_MS = 1_000;
const MAX_MEMBERS = 10_000;

type BindingsOf = (member: string) => Promise<readonly RoleBinding[]>;
type Known = { bindings: readonly RoleBinding[]; askedMs: number; askAgainMs: number };

/** The role bindings of a member as config has them now. */
export function askConfig(config: Pick<RpcClient<ConfigServiceService>, 'listRoleBindings'>): BindingsOf {
  return async (member) => {
    const bindings: RoleBinding[] = [];
    let pageToken = '';
    do {
      const request = { parent: 'customers/-', member, pageSize: 1_000, pageToken };
      const page = await config.listRoleBindings(request, { timeoutMs: TIMEOUT_MS });
      bindings.push(...page.roleBindings);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return bindings;
  };
}

/**
 * Remembers the bindings of members for 5 s; when asking fails, those known last count until they are 5 minutes old. Throws
 * DEPENDENCY_UNAVAILABLE after that.
 */
export function rememberBindings(ask: BindingsOf, nowMs: () => number = () => performance.now()): BindingsOf {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<readonly RoleBinding[]>>();

  const refresh = async (member: string): Promise<readonly RoleBinding[]> => {
    const askedMs = nowMs();
    try {
      const bindings = await ask(member);
      known.delete(member);
      known.set(member, { bindings, askedMs, askAgainMs: askedMs + FRESH_MS });
      if (known.size > MAX_MEMBERS) known.delete(known.keys().next().value!);
      return bindings;
    } catch (cause) {
      const last = known.get(member);
      if (last && nowMs() - last.askedMs <= KEPT_MS) {
        last.askAgainMs = nowMs() + PAUSE_MS;
        return last.bindings;
      }
      const message = 'config does not answer, so that roles are not known: try again later';
      const details = { retryAfterMs: PAUSE_MS, cause };
      throw new RpcError(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', message, details);
    } finally {
      asking.delete(member);
    }
  };

  return (member) => {
    const last = known.get(member);
    if (last && nowMs() < last.askAgainMs && nowMs() - last.askedMs <= KEPT_MS) return Promise.resolve(last.bindings);
    const running = asking.get(member) ?? Promise.resolve().then(() => refresh(member));
    asking.set(member, running);
    return running;
  };
}
