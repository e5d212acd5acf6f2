import { checkUrl } from '@autoprov/outbound';
import { Secret, z } from '@autoprov/service';

/** Where a recipient is told, and with what that is signed. */
export type WebhookRecipient = { url: string; secret: Secret };

const recipientName = /^customers\/(-|[a-z0-9-]{2,40})$/;

const entries = z.record(
  z.string(),
  z.strictObject({
    url: z.string('must be the https URL of the webhook'),
    secret: z
      .string('must be the signing secret, whsec_ and 24 to 64 bytes in base64')
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64'),
  }),
);

/**
 * Reads WEBHOOKS_FILE: an object of `{"url", "secret"}` by recipient, `customers/{customer}` or `customers/-`.
 *
 * @param allowedHosts what the operator allows beside the public internet
 * @throws Error naming the entries at fault, without their secrets
 */
export function readWebhookRecipients(text: string, allowedHosts: readonly string[]): Map<string, WebhookRecipient> {
  const parsed = entries.safeParse(parseJson(text));
  if (!parsed.success) throw wrongFile(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`));
  const all = Object.entries(parsed.data);
  const problems = all.flatMap(([recipient, { url }]) => {
    // Receivers have queries, and slashes at the end, other than service providers.
    const problem = checkUrl(url.replace(/\?.*$/s, '').replace(/\/$/, ''), allowedHosts);
    return [
      ...(recipientName.test(recipient)
        ? []
        : [`${recipient} is no recipient: write customers/{customer}, or customers/-`]),
      ...(problem === undefined ? [] : [`${recipient}.url ${problem}`]),
    ];
  });
  if (problems.length > 0) throw wrongFile(problems);
  return new Map(all.map(([recipient, { url, secret }]) => [recipient, { url, secret: new Secret(secret) }]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's words may hold a piece of the file.
    throw wrongFile(['the file is no JSON']);
  }
}

function wrongFile(problems: string[]): Error {
  return new Error(`WEBHOOKS_FILE: correct ${problems.join('; ')}`);
}
