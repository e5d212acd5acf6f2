import { randomUUID } from 'node:crypto';
import type { ProvisioningSetup } from '@autoprov/proto';
import { callTimeoutMs, checkTimeoutMs } from '../calls.ts';
import type { Services } from '../network.ts';
import type { Step } from './plan.ts';
import type { SecretReader } from './secrets.ts';

const call = { timeoutMs: callTimeoutMs };
const checked = { timeoutMs: checkTimeoutMs };

/** What a step needs beside itself. */
export type StepContext = { services: Services; secrets: SecretReader; validateOnly: boolean };

/**
 * Does a step.
 *
 * @param etag of what the step is about, as last answered
 * @returns its etag from now on
 */
export async function runStep(
  { services, secrets, validateOnly }: StepContext,
  step: Step,
  etag: string,
): Promise<string> {
  if (step.change === 'unchanged') return etag;
  const { config, tokens } = services;
  const requestId = randomUUID();
  const etagOf = ({ setup }: { setup?: ProvisioningSetup | undefined }) =>
    validateOnly ? etag : (setup?.etag ?? etag);
  switch (step.call) {
    case 'createCustomer':
      await config.createCustomer(
        { customerId: step.customerId, customer: step.customer, validateOnly, requestId },
        call,
      );
      return etag;
    case 'updateCustomer': {
      const updateMask = step.fields.map(toProtoName);
      const { customer } = await config.updateCustomer(
        { customer: step.customer, updateMask, validateOnly, requestId },
        call,
      );
      return validateOnly ? etag : (customer?.etag ?? etag);
    }
    case 'updateApp': {
      const updateMask = step.fields.map(toProtoName);
      const { app } = await config.updateApp({ app: step.app, updateMask, validateOnly, requestId }, call);
      return validateOnly ? etag : (app?.etag ?? etag);
    }
    case 'createApp':
      await config.createApp({ parent: step.parent, appId: step.appId, app: step.app, validateOnly, requestId }, call);
      return etag;
    case 'setDelegation': {
      const { adminEmail, serviceAccountKeyFile: file, keyless } = step.spec;
      const serviceAccountKeyJson = file === undefined ? '' : await secrets.readFile(file);
      const delegation = { customer: step.customer, serviceAccountKeyJson, keyless, adminEmail, validateOnly };
      await tokens.setDelegation(delegation, call);
      return etag;
    }
    case 'setCredential': {
      const { expireTime, keepPrevious } = step.spec;
      const secret = await secrets.readCredential(step.spec);
      const ends = expireTime === undefined ? undefined : new Date(expireTime);
      await tokens.setCredential({ app: step.app, secret, expireTime: ends, keepPrevious, validateOnly }, call);
      return etag;
    }
    case 'createSetup':
      return etagOf(
        await config.createSetup({ parent: step.parent, setup: step.setup, validateOnly, requestId }, checked),
      );
    case 'updateSetup':
      return etagOf(
        await config.updateSetup(
          { setup: { ...step.setup, etag }, updateMask: step.fields.map(toProtoName), validateOnly, requestId },
          checked,
        ),
      );
    case 'activateSetup':
      return etagOf(await config.activateSetup({ name: step.name, etag, validateOnly, requestId }, checked));
    case 'deactivateSetup':
      return etagOf(await config.deactivateSetup({ name: step.name, etag, validateOnly, requestId }, call));
  }
}

/** `endpointUrl` → `endpoint_url`, as a field mask names it (protobuf.dev, FieldMask). */
function toProtoName(jsonName: string): string {
  return jsonName.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
