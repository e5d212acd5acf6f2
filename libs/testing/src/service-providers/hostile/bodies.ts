import { answerJson, errorUrn, listUrn, userUrn, type Hostility } from './hostility.ts';

const million = 1_000_000;
/** Just below what is read of one answer. */
const nearlyAll = 1_900_000;
const readsAll = ['list', 'find', 'read', 'create', 'change'] as const;

/** Of an account that is made, or read. */
function idOf(name: string, id: string): Hostility {
  return {
    name: `an id that is ${name}`,
    on: ['create'],
    answer: (response) =>
      answerJson(response, { schemas: [userUrn], id, userName: 'x', active: true }, { status: 201 }),
  };
}

/** A list of one account, `json` being more of its members. */
function listed(name: string, json: string): Hostility {
  return {
    name,
    on: ['list'],
    answer: (response) =>
      answerJson(
        response,
        `{"schemas":["${listUrn}"],"totalResults":1,"Resources":[{"id":"1","userName":"x@example.com","active":true,${json}}]}`,
      ),
  };
}

function refusal(
  name: string,
  members: object,
  how: { status?: number; headers?: Record<string, string> } = {},
): Hostility {
  const { status = 400 } = how;
  const body = { schemas: [errorUrn], status: String(status), ...members };
  return { name, on: ['create'], answer: (response) => answerJson(response, body, { ...how, status }) };
}

function limited(name: string, retryAfter: string): Hostility {
  return refusal(
    `Retry-After ${name}`,
    { detail: 'slow down' },
    { status: 429, headers: { 'retry-after': retryAfter } },
  );
}

function text(name: string, bytes: string | Buffer, status = 200, contentType = 'application/scim+json'): Hostility {
  return {
    name,
    answer: (response) => answerJson(response, bytes, { status, headers: { 'content-type': contentType } }),
  };
}

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

let served = 0;
function freshPage(count: number): object[] {
  return Array.from({ length: count }, () => ({ id: `endless-${++served}`, userName: `nobody-${served}@example.com` }));
}

/** Answers whose content is hostile. */
export const bodies: readonly Hostility[] = [
  text('HTML with 200', '<!doctype html><script>alert(1)</script>', 200, 'text/html'),
  text('HTML with 404', '<!doctype html><title>\u001b[31mnot here</title>', 404, 'text/html'),
  text('UTF-16', Buffer.from('\ufeff{"Resources":[]}', 'utf16le'), 200, 'application/scim+json; charset=utf-16'),
  text('bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0xff, 0x22, 0x7d])),
  text('JSON of a hundred thousand levels', `{"Resources":${nested(100_000)}}`),
  text('JSON of a million arrays', `[${'[],'.repeat(600_000)}[]]`),
  text('JSON of a million objects', `{"Resources":[${'{},'.repeat(600_000)}{}]}`),
  text(
    'an object of a hundred thousand names',
    JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]))),
  ),
  text('a refusal of a hundred thousand levels', `{"detail":${nested(100_000)}}`, 400),
  text(
    'a refusal of a hundred thousand messages',
    JSON.stringify({ errors: Array.from({ length: 100_000 }, (_, i) => ({ message: `m${i}` })) }),
    400,
  ),
  text('a name of 2 MB', `{"${'x'.repeat(nearlyAll)}":1}`, 400),
  text('nothing at all', '', 200),
  text('a number alone', '1e999'),
  text(
    'names of prototypes',
    '{"__proto__":{"status":500},"constructor":{"prototype":{"ok":true}},"Resources":[{"__proto__":{"id":"1"}}]}',
  ),
  listed(
    'an account with names of prototypes',
    '"__proto__":{"id":"2","active":false},"constructor":{"prototype":{"x":1}},"toString":"x"',
  ),
  listed('an account with names twice', '"id":"2","active":false,"ID":"3","Id":"4"'),
  listed('an account with numbers beyond a double', '"x":1e999,"y":123456789012345678901234567890,"z":-1e-999'),
  listed(
    'an account with NUL and half characters',
    '"title":"a\\u0000b\\ud800c\\\\u0000","\\u0000\\udfff":"x","emails":[{"value":"\\u0000"}]',
  ),
  listed('an account of a hundred thousand levels', `"deep":${nested(100_000)}`),
  listed('an account with a user name of 1 MB', `"userName":"${randomText(million)}"`),
  listed('an account with an externalId of 1 MB', `"externalId":"${randomText(million)}"`),
  listed('an account with an address of 1 MB', `"emails":[{"value":"${randomText(million)}"}]`),
  listed(
    'an account with a hundred thousand addresses',
    `"emails":[${Array.from({ length: 50_000 }, (_, i) => `{"value":"a${i}"}`).join()}]`,
  ),
  listed('an account with an id of 1 MB', `"id":"${randomText(million)}"`),
  listed('an account whose id leads elsewhere', '"id":".."'),
  idOf('1 MB long', randomText(million)),
  idOf('..', '..'),
  idOf('.', '.'),
  idOf('%2e%2e', '%2e%2e'),
  idOf('../Groups/1', '../Groups/1'),
  idOf('a query', '1?x=1#y'),
  idOf('of control characters', '1\u0000\r\nX-Other: 1'),
  idOf('half a character', '1\ud800'),
  idOf('written from right to left', '1\u202e\u2066x'),
  idOf('always the same', 'the-one'),
  {
    name: 'an id that is a number',
    on: ['create'],
    answer: (response) => answerJson(response, `{"id":1e999,"userName":"x","active":true}`, { status: 201 }),
  },
  refusal('words with escapes, from right to left', {
    detail: '\u001b]0;owned\u0007\u202e\u0000<script>=1+1|cmd',
    scimType: '\u001b[2Jtoo\nMany',
  }),
  refusal('words of 2 MB', { detail: 'word '.repeat(nearlyAll / 5), scimType: 'y'.repeat(100) }),
  refusal('a scimType of 2 MB', { scimType: 'y'.repeat(nearlyAll) }),
  refusal('words that would keep a regular expression busy', {
    detail: `${'a@'.repeat(400_000)} ${'Bearer '.repeat(50_000)}`,
  }),
  limited('of thirty thousand years', '1000000000000'),
  limited('below zero', '-5'),
  limited('in the year 9999', 'Fri, 31 Dec 9999 23:59:59 GMT'),
  limited('without a number', 'soon \u00ff'),
  limited('of a million digits', '9'.repeat(8_000)),
  {
    name: 'a list without end',
    on: ['list'],
    answer: (response) =>
      answerJson(response, { schemas: [listUrn], totalResults: 2 ** 53, Resources: freshPage(100) }),
  },
  {
    name: 'a list of one account a page, without end',
    on: ['list'],
    answer: (response) =>
      answerJson(response, { schemas: [listUrn], totalResults: '9007199254740993', Resources: freshPage(1) }),
  },
  {
    name: 'a list that repeats its page, with a cursor that leads to itself',
    on: ['list'],
    answer: (response) =>
      answerJson(response, {
        schemas: [listUrn],
        totalResults: 2 ** 53,
        nextCursor: 'again',
        Resources: [{ id: '1' }, { id: '2' }],
      }),
  },
  {
    name: 'two megabytes of other people for each look-up',
    on: ['list', 'find'],
    answer(response, { url = '' }) {
      if (!url.includes('filter=')) return answerJson(response, { schemas: [errorUrn] }, { status: 400 });
      return answerJson(response, { schemas: [listUrn], totalResults: 25_000, Resources: freshPage(25_000) });
    },
  },
  {
    name: '204 for everything',
    on: readsAll,
    answer: (response) => void response.writeHead(204).end(),
  },
];

/** Text that a database cannot make short. */
function randomText(chars: number): string {
  let state = 1;
  let made = '';
  while (made.length < chars) {
    state = (state * 48_271) % 2_147_483_647;
    made += state.toString(36);
  }
  return made.slice(0, chars);
}
