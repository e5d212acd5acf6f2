import { fromCanonicalJson, ProvisioningSetup, ScimProfile, SetupDefaults, toCanonicalJson } from '@autoprov/proto';

/** A jsonb column as pg reads it. */
export type Document = Parameters<typeof fromCanonicalJson>[2];

/** Fields that a newer release has stored are skipped, so that an older one can run beside it. */
const reading = { ignoreUnknown: true };

export function setupToDocument(setup: ProvisioningSetup): string {
  return JSON.stringify(toCanonicalJson('autoprov.config.v1.ProvisioningSetup', ProvisioningSetup, setup));
}

export function setupFromDocument(document: Document): ProvisioningSetup {
  return fromCanonicalJson('autoprov.config.v1.ProvisioningSetup', ProvisioningSetup, document, reading);
}

export function profileToDocument(profile: ScimProfile): string {
  return JSON.stringify(toCanonicalJson('autoprov.config.v1.ScimProfile', ScimProfile, profile));
}

export function profileFromDocument(document: Document): ScimProfile {
  return fromCanonicalJson('autoprov.config.v1.ScimProfile', ScimProfile, document, reading);
}

export function defaultsToDocument(defaults: SetupDefaults): string {
  return JSON.stringify(toCanonicalJson('autoprov.config.v1.SetupDefaults', SetupDefaults, defaults));
}

export function defaultsFromDocument(document: Document): SetupDefaults {
  return fromCanonicalJson('autoprov.config.v1.SetupDefaults', SetupDefaults, document, reading);
}
