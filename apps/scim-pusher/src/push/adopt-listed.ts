import type { Match } from '../domain/match.ts';
import { findListedMatches } from './find-match.ts';
import { afterLink, linkTo } from './link.ts';
import { recordAllAccepted, type Turn } from './outcome.ts';
import type { Pass } from './pass.ts';

/**
 * While the service provider's list of the first sync is held: looks for all who need an account in it, and links those whose
 * account is there, in one transaction.
 *
 * @returns who is left to be pushed, with what their look-up came to, or what is to be changed of an account now linked
 */
export async function adoptListed(pass: Pass, turns: readonly Turn[]): Promise<Turn[]> {
  if (pass.work.listState !== 'held') return [...turns];
  const matches = pass.listIsEmpty ? undefined : await findListedMatches(pass, turns.filter(isLookedUp));
  const matchOf = (turn: Turn): Match | undefined =>
    isLookedUp(turn) ? (matches?.get(turn.userId) ?? { do: 'create' }) : undefined;
  const rest: Turn[] = [];
  const links = turns.flatMap((turn) => {
    const match = matchOf(turn);
    if (match?.do === 'adopt') return linkTo(pass, turn, match);
    rest.push({ ...turn, ...(match && { match }) });
    return [];
  });
  if (links.length > 0) await recordAllAccepted(pass, links);
  return [...rest, ...links.flatMap((link) => afterLink(pass, link) ?? [])];
}

/** Needs an account, and has not one that a create before may have made: that one is looked up live. */
function isLookedUp(turn: Turn): turn is Turn & { decision: { do: 'create' } } {
  return turn.decision.do === 'create' && turn.account.intentAt === undefined;
}
