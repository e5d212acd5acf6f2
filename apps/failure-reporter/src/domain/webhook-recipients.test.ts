import { expect, test } from '@jest/globals';
import { readWebhookRecipients } from './webhook-recipients.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const file = (entry: object, recipient = 'customers/acme') => JSON.stringify({ [recipient]: { secret, ...entry } });

test('each recipient has its webhook, whose URL may have a query', () => {
  const url = 'https://hooks.example.com/autoprov/?code=1';
  const found = readWebhookRecipients(file({ url }, 'customers/-'), []).get('customers/-')!;
  expect(found.url).toBe(url);
  expect(found.secret.reveal()).toBe(secret);
});

test.each([
  ['no JSON', '{"customers/acme": whsec_', /no JSON/],
  ['no recipient', file({ url: 'https://hooks.example.com' }, 'acme'), /acme.*recipient/],
  ['plain http', file({ url: 'http://hooks.example.com' }), /customers\/acme\.url is not https/],
  ['an address inside', file({ url: 'https://169.254.169.254/latest' }), /customers\/acme\.url names an address/],
  ['a name inside', file({ url: 'https://pager.internal/x' }), /customers\/acme\.url names a host that is not public/],
  ['a short secret', file({ url: 'https://hooks.example.com', secret: 'whsec_c2hvcnQ=' }), /customers\/acme\.secret/],
  ['an unknown field', file({ url: 'https://hooks.example.com', key: 'x' }), /customers\/acme/],
])('%s is refused, naming what is wrong and no secret', (_, text, message) => {
  const read = () => readWebhookRecipients(text, []);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/whsec_[A-Za-z0-9]/);
});
