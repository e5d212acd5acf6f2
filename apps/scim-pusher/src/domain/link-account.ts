import { managedPart } from '@autoprov/mapping';
import type { ProvisioningSetup } from '@autoprov/proto';
import { digestOf, type JsonObject, type ScimUser } from '@autoprov/scim';
import type { Match } from './match.ts';
import type { Account } from './model.ts';

/** An account with its link to the service provider's. */
export type LinkedAccount = Account & { scimId: string; state: 'active' | 'suspended'; accepted: ScimUser };

/**
 * The person's account as it is when linked to the one that was found: what the service provider has of what the mapping
 * manages counts as accepted, so that the next decision finds what differs, and the guard what of it may do harm.
 */
export function linkAccount(
  setup: ProvisioningSetup,
  account: Account,
  { resource, scimId, keepExternalId }: Extract<Match, { do: 'adopt' }>,
): LinkedAccount {
  const rows = setup.attributeMapping?.rows ?? [];
  const accepted = managedPart(rows, resource as JsonObject) as ScimUser;
  return {
    ...account,
    scimId,
    state: resource.active === false ? 'suspended' : 'active',
    accepted,
    acceptedDigest: digestOf(accepted),
    keepsExternalId: keepExternalId,
    undo: undefined,
    intentAt: undefined,
    writeBegunAt: undefined,
    attempt: 0,
  };
}
