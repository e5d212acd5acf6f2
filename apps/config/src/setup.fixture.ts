import { ProvisioningSetup } from '@autoprov/proto';

/** Some fields of a message, at any depth. */
export type Some<T> = T extends object ? (T extends Date ? T : { [Key in keyof T]?: Some<T[Key]> }) : T;

/** A setup that can be stored. */
export function setupWith(fields: Some<ProvisioningSetup> = {}): ProvisioningSetup {
  return ProvisioningSetup.fromPartial({ endpointUrl: 'https://api.example.com/scim/v2', ...fields } as never);
}
