import type { ProvisioningSetup, ScimProfile } from '@autoprov/proto';
import type { ScimUser } from '@autoprov/scim';

/** Which app. */
export type AppKey = { customerId: string; appId: string };

/** The resource name of an app. */
export function appNameOf({ customerId, appId }: AppKey): string {
  return `customers/${customerId}/apps/${appId}`;
}

/** A setup as config last said, with what its template says of the service provider. */
export type AppSetup = AppKey & { revision: bigint; setup: ProvisioningSetup; profile: ScimProfile };

/** Why somebody should no longer have access; each has its own rule in the DeprovisioningPolicy. */
export type Trigger = 'out_of_scope' | 'suspended' | 'archived' | 'deleted';

/** What is known of one person's account in one app. */
export type Account = {
  userId: string;
  /** The service provider's id; undefined: no account. */
  scimId?: string;
  origin?: 'created' | 'adopted';
  state: 'none' | 'active' | 'suspended' | 'deleted';
  /** The resource last accepted, with its digest. */
  accepted?: ScimUser;
  acceptedDigest?: string;
  /** What an undo brings it back to, while neither the person nor the setup has changed since. */
  undo?: ScimUser | undefined;
  /** Adopted with another provisioner's externalId, which stays. */
  keepsExternalId?: boolean;
  acceptedAt?: Date;
  /** A create was begun at this time and its end is not known. */
  intentAt?: Date | undefined;
  /** What was sent with it. */
  intended?: ScimUser;
  /** The same for a change or a delete: what is there may not be what was accepted last. */
  writeBegunAt?: Date | undefined;
  /** Since when which trigger holds. */
  trigger?: Trigger;
  triggerAt?: Date;
  /** References (addresses) that had no account when the resource was mapped. */
  parked: string[];
  dueAt?: Date;
  attempt: number;
  failureCode?: string;
  failureReason?: string;
  failureDetail?: string;
};

/** Has an account at the service provider, with or without access. */
export function isLinked<Some extends Pick<Account, 'scimId' | 'state'>>(
  account: Some,
): account is Some & { scimId: string } {
  return account.scimId !== undefined && (account.state === 'active' || account.state === 'suspended');
}

/** A write was begun whose end is not known, and the account counts as active: it may be there no more. */
export function isDoubtful({ state, scimId, writeBegunAt }: Account): boolean {
  return state === 'active' && scimId !== undefined && writeBegunAt !== undefined;
}

/** Somebody without a row. */
export function noAccount(userId: string): Account {
  return { userId, state: 'none', parked: [], attempt: 0 };
}
