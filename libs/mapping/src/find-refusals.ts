import type { ScimProfile, TargetSchema } from '@autoprov/proto';
import type { JsonObject } from '@autoprov/scim';

/** Why a service provider would refuse one value of a resource. */
export type Refusal = {
  /** The SCIM path, as a mapping row's target. */
  path: string;
  /** A sentence for people: why, and what to do. */
  problem: string;
};

/** Finds what a service provider would refuse of a mapped resource; empty when nothing is known to be wrong. */
export function findRefusals(
  _resource: JsonObject,
  _schema: TargetSchema | undefined,
  _profile: ScimProfile | undefined,
): Refusal[] {
  return [];
}
