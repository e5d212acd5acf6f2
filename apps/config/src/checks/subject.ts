import type { ProvisioningSetup, ScimProfile, SetupDefaults, Template } from '@autoprov/proto';
import type { AppKey } from '../domain/app-key.ts';

/** What is checked: a setup as it is, or as it would be stored. */
export type Subject = {
  app: AppKey;
  setup: ProvisioningSetup;
  /** What it takes over from its customer. */
  defaults: SetupDefaults | undefined;
  template: Template;
  /** What the setup's template said of the service provider when the setup was made. */
  scim: ScimProfile;
};
