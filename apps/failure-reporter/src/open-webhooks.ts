import { readFileSync } from 'node:fs';
import { createOutboundAgent } from '@autoprov/outbound';
import { readWebhookRecipients } from './domain/webhook-recipients.ts';

const TIMEOUT_MS = 10_000;

/**
 * Reads who has a webhook, and prepares the connections to them, with the same checks of addresses as to service providers.
 *
 * @param caFile a private authority that is trusted beside the public ones
 * @throws Error when the file is wrong, naming the entries at fault
 */
export function openWebhooks(
  file: string,
  { allowedHosts, caFile }: { allowedHosts: string[]; caFile: string | undefined },
) {
  const agent = createOutboundAgent({
    allowedHosts,
    timeoutMs: TIMEOUT_MS,
    ...(caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }),
  });
  return { recipients: readWebhookRecipients(readFileSync(file, 'utf8'), allowedHosts), agent };
}
