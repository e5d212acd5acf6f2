import { checkScopes } from './check-scopes.ts';
import type { BrokerContext } from './context.ts';
import { directoryScopes, type DirectoryToken, type ServiceAccount } from './directory-tokens.ts';
import { judgeTokenRefusal, scopeMissing } from './domain/google-token-error.ts';
import { TokenRefusedError } from './google-refusal.ts';
import { noToken } from './rpc/errors.ts';

/** A new token with all scopes. Throws what Google's refusal means, with the scopes that are missing. */
export async function requestToken({ tokens }: BrokerContext, account: ServiceAccount): Promise<DirectoryToken> {
  try {
    return await tokens.request(account, directoryScopes);
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    const problem = judgeTokenRefusal(err.refusal);
    const checked = problem.reason === 'SCOPE_MISSING' ? await checkScopes(tokens, account) : [];
    const missingScopes = checked.filter((one) => one.problem).map(({ scope }) => scope);
    throw noToken(problem, err.message, missingScopes);
  }
}

/** A new token with one scope alone, which an admin may have granted or not. Throws what Google's refusal means. */
export async function requestExtraToken(
  { tokens }: BrokerContext,
  account: ServiceAccount,
  scope: string,
): Promise<DirectoryToken> {
  try {
    return await tokens.request(account, [scope]);
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    const problem = judgeTokenRefusal(err.refusal);
    // Alone, a missing scope looks like a client that may do nothing at all.
    const isMissing = problem.reason === 'DELEGATION_REVOKED' || problem.reason === 'SCOPE_MISSING';
    throw isMissing ? noToken(scopeMissing, err.message, [scope]) : noToken(problem, err.message);
  }
}
