import { createPublisher, toCloudEvent } from '@autoprov/kafka';
import { Check } from '@autoprov/proto';
import { waitUntil } from '@autoprov/testing';
import type { Network } from '@autoprov/testing';
import { call } from './start-company.ts';

let seq = 0n;

/**
 * Publishes a check as the token broker does, failed unless said otherwise, and waits until the list of failures of its
 * customer shows it; answers the name of the failure, or undefined for a check that passed.
 */
export async function reportCheck(
  network: Network,
  check: Pick<Check, 'subject' | 'code'> & Partial<Check>,
): Promise<string | undefined> {
  const message = {
    ...Check.fromPartial({ source: 'token-broker', reason: 'KEY_REFUSED' }),
    occurTime: new Date(),
    ...check,
  };
  message.seq = seq += 1n;
  const publisher = await createPublisher(network.kafka);
  const origin = { installationId: 'local', service: 'token-broker' };
  await publisher.publish([toCloudEvent(origin, { kind: 'check', message })]);
  await publisher.stop();
  const parent = check.subject.split('/apps/')[0]!;
  const page = { parent, filter: undefined, pageSize: 0, pageToken: '' };
  let name: string | undefined;
  const isTold = async () => {
    const { failures } = await network.clients.failures.listFailures(page, call);
    name = failures.find(({ code, app, customer }) => code === check.code && (app || customer) === check.subject)?.name;
    return (name === undefined) === message.passed;
  };
  await waitUntil(`${check.code} of ${check.subject} to be told`, isTold, Date.now() + 30_000);
  return name;
}
