import { z } from '@autoprov/service';
import type { ProvisioningSetup, SetupDefaults } from '@autoprov/proto';

const id = z
  .string()
  .regex(/^[a-z0-9-]{2,40}$/, 'must be 2 to 40 lower-case letters, digits and dashes')
  .describe('The last part of the resource name.');

const secretSource = z
  .strictObject(
    { fromEnv: z.string().optional(), fromFile: z.string().optional() },
    'must say where the secret is, never what it is: write fromEnv: NAME or fromFile: PATH',
  )
  .refine(
    ({ fromEnv, fromFile }) => (fromEnv === undefined) !== (fromFile === undefined),
    'must have fromEnv or fromFile',
  )
  .describe('Where a secret is read from: an environment variable, or a file beside this one.');

const clientCredentials = z
  .strictObject({
    tokenUrl: z.string(),
    clientId: z.string(),
    clientSecret: secretSource,
    scopes: z.array(z.string()).default([]),
    secretInBody: z.boolean().default(false).describe('client_secret_post instead of client_secret_basic.'),
    revocationUrl: z.string().default(''),
  })
  .describe('An OAuth client of its own (RFC 6749 §4.4). Where a person agrees instead: "autoprov authorize".');

const credential = z
  .strictObject({
    bearerToken: secretSource.optional(),
    basic: z.strictObject({ username: z.string(), password: secretSource }).optional(),
    clientCredentials: clientCredentials.optional(),
    expireTime: z.iso.datetime('must be a time such as 2027-01-31T00:00:00Z').optional(),
    keepPrevious: z.boolean().default(false).describe('The stored bearer token stays usable beside the new one.'),
  })
  .refine(
    (one) => [one.bearerToken, one.basic, one.clientCredentials].filter((secret) => secret !== undefined).length === 1,
    'must have one of bearerToken, basic, clientCredentials',
  );

const setup = z
  .looseObject({ state: z.enum(['ACTIVE', 'INACTIVE'], 'must be ACTIVE or INACTIVE').optional() })
  .describe('autoprov.config.v1.ProvisioningSetup by its canonical JSON names, without what the service sets itself.');

const app = z.strictObject({
  id,
  displayName: z.string(),
  template: z.string().regex(/^templates\/[a-z0-9-]+$/, 'must be a template, for example templates/scim-bearer'),
  credential: credential.optional(),
  setup: setup.optional(),
});

const delegation = z
  .strictObject({
    serviceAccountKeyFile: z
      .string()
      .describe('The JSON key file of the service account, as Google gives it.')
      .optional(),
    keyless: z
      .strictObject({ serviceAccountEmail: z.string(), clientId: z.string() })
      .describe('Instead of a key: the service account that IAM signs for.')
      .optional(),
    adminEmail: z.email('must be the address of the admin on whose behalf the directory is read'),
  })
  .refine(
    ({ serviceAccountKeyFile, keyless }) => (serviceAccountKeyFile === undefined) !== (keyless === undefined),
    'must have serviceAccountKeyFile or keyless',
  );

const customer = z.strictObject({
  id,
  displayName: z.string(),
  setupDefaults: z
    .looseObject({})
    .describe('autoprov.config.v1.SetupDefaults by its canonical JSON names: what setups take over.')
    .optional(),
  delegation: delegation.optional(),
  apps: z.array(app).default([]),
});

/** What `autoprov apply` reads, but for the inside of a setup, which the contract describes. */
export const applyFile = z.strictObject({ customers: z.array(customer) });

/** A file whose every line is understood. */
export type ApplySpec = { customers: CustomerSpec[] };
export type CustomerSpec = Omit<z.output<typeof customer>, 'apps' | 'setupDefaults'> & {
  setupDefaults?: SetupDefaults | undefined;
  apps: AppSpec[];
};
export type AppSpec = Omit<z.output<typeof app>, 'setup'> & { setup?: SetupSpec | undefined };
export type DelegationSpec = z.output<typeof delegation>;
export type CredentialSpec = z.output<typeof credential>;
export type SecretSource = z.output<typeof secretSource>;

/** A setup as written: `fields` are those that were given, by their names in ProvisioningSetup. */
export type SetupSpec = { wanted: ProvisioningSetup; fields: string[]; state: 'ACTIVE' | 'INACTIVE' | undefined };

/** The JSON Schema (draft 2020-12) of the file, for editors. */
export function applyFileSchema(): object {
  return z.toJSONSchema(applyFile, { io: 'input' });
}
