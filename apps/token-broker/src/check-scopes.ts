import { directoryScopes, type DirectoryToken, type DirectoryTokens, type ServiceAccount } from './directory-tokens.ts';
import { judgeTokenRefusal, scopeMissing, type TokenProblem } from './domain/google-token-error.ts';
import { TokenRefusedError } from './google-refusal.ts';

/** The token that Google gives for a scope alone; otherwise what that means. */
export type CheckedScope = { scope: string } & (
  { token: DirectoryToken; problem?: undefined } | { token?: undefined; problem: TokenProblem }
);

/** Google says that a part of the scopes is missing, not which: each is asked for alone. */
export async function checkScopes(tokens: DirectoryTokens, account: ServiceAccount): Promise<CheckedScope[]> {
  const checked = await Promise.all(directoryScopes.map((scope) => checkScope(tokens, account, scope)));
  if (checked.every(({ problem }) => problem)) return checked;
  // Alone, a missing scope looks like a client that may do nothing at all.
  return checked.map((one) =>
    one.problem?.reason === 'DELEGATION_REVOKED' ? { scope: one.scope, problem: scopeMissing } : one,
  );
}

async function checkScope(tokens: DirectoryTokens, account: ServiceAccount, scope: string): Promise<CheckedScope> {
  try {
    return { scope, token: await tokens.request(account, [scope]) };
  } catch (err) {
    if (!(err instanceof TokenRefusedError)) throw err;
    return { scope, problem: judgeTokenRefusal(err.refusal) };
  }
}
