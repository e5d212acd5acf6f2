import { directoryScopes, TokenRefusedError, type DirectoryTokens, type ServiceAccount } from './directory-tokens.ts';
import { judgeTokenRefusal, scopeMissing, type TokenProblem } from './domain/google-token-error.ts';

/** Whether Google gives a token for a scope; otherwise what that means. */
export type CheckedScope = { scope: string; problem: TokenProblem | undefined };

/** Google says that a part of the scopes is missing, not which: each is asked for alone. */
export async function checkScopes(tokens: DirectoryTokens, account: ServiceAccount): Promise<CheckedScope[]> {
  const checked = await Promise.all(directoryScopes.map((scope) => checkScope(tokens, account, scope)));
  if (checked.every(({ problem }) => problem)) return checked;
  // Alone, a missing scope looks like a client that may do nothing at all.
  return checked.map(({ scope, problem }) => ({
    scope,
    problem: problem?.reason === 'DELEGATION_REVOKED' ? scopeMissing : problem,
  }));
}

async function checkScope(tokens: DirectoryTokens, account: ServiceAccount, scope: string): Promise<CheckedScope> {
  try {
    await tokens.request(account, [scope]);
    return { scope, problem: undefined };
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    return { scope, problem: judgeTokenRefusal(err.refusal) };
  }
}
