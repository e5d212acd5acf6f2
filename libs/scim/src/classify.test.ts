import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appPatterns, credentialPatterns, limitPatterns } from './app-patterns.ts';
import { classify, classifyLine, codeOf, failureReasons } from './index.ts';
import type { Answer, AnswerSample, FailureReason, TemplatePattern, TransportPhase } from './index.ts';
import { wordsOf } from './patterns.ts';
import { resourcePatterns } from './resource-patterns.ts';

interface ExpectedSample extends AnswerSample {
  sp?: string;
  expected_code: string | null;
  expected_retryable: boolean;
  expected_reason: FailureReason;
  debatable?: boolean;
}

const samples = readSamples('classification-samples.jsonl');
const ownCases = readSamples('own-cases.jsonl');

function readSamples(name: string): ExpectedSample[] {
  const text = readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExpectedSample);
}

function disagreements(list: ExpectedSample[]): string[] {
  return list.flatMap((sample) => {
    const { code, reason, retryable } = classifyLine(sample);
    const got = `${code} ${reason} ${retryable}`;
    const wanted = `${sample.expected_code} ${sample.expected_reason} ${sample.expected_retryable}`;
    return got === wanted
      ? []
      : [`${sample.id} ${sample.body ?? sample.transport_error ?? ''}: ${got}, wanted ${wanted}`];
  });
}

function answer(status: number, body?: object | string, more: Partial<Answer> = {}): Answer {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return {
    phase: 'scim',
    request: { method: 'POST', path: '/Users' },
    status,
    ...(text === undefined ? {} : { body: text }),
    ...more,
  };
}

describe('agreement', () => {
  test.each([
    ['undisputed samples', samples.filter(({ debatable }) => !debatable)],
    ['debatable samples', samples.filter(({ debatable }) => debatable)],
    ['own cases of other vendors and wordings', ownCases],
  ])('code, reason and retryable agree for all %s', (_, list) => {
    expect(list.length).toBeGreaterThan(10);
    expect(disagreements(list)).toEqual([]);
  });
});

describe('the two reasons with two codes', () => {
  test.each(['LICENSE_LIMIT', 'VALUE_TOO_LONG'] as const)('%s is 45006 for 400 and 422, else 45003', (reason) => {
    expect([400, 422].map((status) => codeOf(reason, status))).toEqual(['45006', '45006']);
    expect([402, 403, 409, 500, undefined].map((status) => codeOf(reason, status))).toEqual(Array(5).fill('45003'));
  });
});

describe('calls without an answer', () => {
  const cases: [string, TransportPhase | undefined, FailureReason][] = [
    ['ENOTFOUND', 'dns', 'DNS_FAILURE'],
    ['EAI_AGAIN', 'dns', 'NETWORK_UNREACHABLE'],
    ['EHOSTUNREACH', 'connect', 'NETWORK_UNREACHABLE'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect', 'NETWORK_UNREACHABLE'],
    ['ETIMEDOUT', 'connect', 'NETWORK_UNREACHABLE'],
    ['ETIMEDOUT', 'sent', 'SP_TIMEOUT'],
    ['ECONNRESET', 'tls', 'NETWORK_UNREACHABLE'],
    ['ECONNRESET', undefined, 'SP_ERROR'],
    ['UND_ERR_SOCKET', 'sent', 'SP_ERROR'],
    ['UND_ERR_HEADERS_TIMEOUT', 'sent', 'SP_TIMEOUT'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', 'TLS_FAILURE'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'TLS_FAILURE'],
    ['EPROTO', 'tls', 'TLS_FAILURE'],
    ['HPE_INVALID_CONSTANT', 'sent', 'WRONG_ENDPOINT'],
    ['ERR_INVALID_URL', 'config', 'WRONG_ENDPOINT'],
    ['SOMETHING_NEW', 'connect', 'NETWORK_UNREACHABLE'],
    ['SOMETHING_NEW', 'sent', 'SP_ERROR'],
  ];
  test.each(cases)('%s in phase %s is %s', (transportError, transportPhase, reason) => {
    const request = { method: 'POST', path: '/Users' };
    const result = classify({ phase: 'scim', request, transportError, ...(transportPhase && { transportPhase }) });
    expect(result).toMatchObject({ reason, code: codeOf(reason), retryable: failureReasons[reason].retryable });
  });
});

describe('token endpoints', () => {
  const token = (grant: string, status: number, body: object | string): Answer => ({
    ...answer(status, body),
    phase: 'token',
    grant,
    request: { method: 'POST', path: '/token' },
  });

  test('only a refused refresh token is 17009; a refused client needs another secret', () => {
    expect(classify(token('refresh_token', 400, { error: 'invalid_grant' }))).toMatchObject({
      code: '17009',
      reason: 'TOKEN_REFRESH_REJECTED',
    });
    expect(classify(token('refresh_token', 401, { error: 'invalid_client' }))).toMatchObject({
      code: '17009',
      reason: 'CLIENT_SECRET_INVALID',
    });
    expect(classify(token('client_credentials', 400, { error: 'invalid_grant' }))).toMatchObject({
      code: '17013',
      retryable: false,
    });
  });

  test('an outage of the token endpoint is 17013 and may pass', () => {
    expect(classify(token('refresh_token', 503, '<html>'))).toMatchObject({ code: '17013', retryable: true });
    expect(classify({ ...token('refresh_token', 0, ''), transportError: 'ECONNRESET' })).toMatchObject({
      code: '17013',
      retryable: true,
    });
  });

  test('our own token service is 17002 when out of reach and 17011 when it cannot make the token', () => {
    const internal = { phase: 'internal' as const, request: { method: 'POST', path: '(secret store)' } };
    expect(classify({ ...internal, transportError: 'ECONNREFUSED' })).toMatchObject({ code: '17002', retryable: true });
    expect(classify({ ...internal, status: 503 })).toMatchObject({ code: '17002' });
    expect(classify({ ...internal, status: 400, body: '{"message":"cannot decrypt"}' })).toMatchObject({
      code: '17011',
    });
    expect(classify({ ...internal, transportError: 'ERR_OSSL_BAD_DECRYPT' })).toMatchObject({ code: '17011' });
  });
});

test('a 401 is retryable only where a token can be renewed', () => {
  expect(classify(answer(401, undefined, { auth: 'oauth' })).retryable).toBe(true);
  expect(classify(answer(401, undefined, { auth: 'bearer' })).retryable).toBe(false);
});

describe('the patterns of a template', () => {
  const meaning = (pattern: Omit<TemplatePattern, 'reason'>, status: number, body: object) => {
    const extraPatterns = [{ ...pattern, reason: 'POLICY_REFUSED' as const }];
    return classify(answer(status, body, { extraPatterns }));
  };
  const said = (message: string) => ({ schemas: [], scimType: 'odd', message });

  test.each<[string, Omit<TemplatePattern, 'reason'>, number, object]>([
    ['words', { words: 'Blue_Moon required' }, 400, said('blue moon required')],
    ['words apart', { words: 'moon * required' }, 400, said('A blue moon, they say, is required. Yes')],
    ['words within an answer of rate limits', { words: 'not today' }, 429, said('Not today')],
    ['a status', { status: 418 }, 418, {}],
    ['a scimType in any case', { scimType: 'ODD' }, 400, said('')],
    ['all three', { status: 400, scimType: 'odd', words: 'moon' }, 400, said('no moon')],
  ])('are asked first: %s', (_, pattern, status, body) => {
    expect(meaning(pattern, status, body)).toMatchObject({ reason: 'POLICY_REFUSED', code: '45003', retryable: false });
    expect(classify(answer(status, body)).reason).not.toBe('POLICY_REFUSED');
  });

  test.each<[string, Omit<TemplatePattern, 'reason'>]>([
    ['words that are not said', { words: 'red moon' }],
    ['words of two sentences', { words: 'blue * tonight' }],
    ['words in another order', { words: 'required * moon' }],
    ['another status', { status: 409, words: 'moon' }],
    ['another scimType', { scimType: 'even', words: 'moon' }],
    ['nothing', {}],
  ])('do not fit by %s', (_, pattern) => {
    const body = said('A blue moon is required. Come back tonight');
    expect(meaning(pattern, 400, body)).toEqual(classify(answer(400, body)));
  });

  test('say whether the same request may succeed later', () => {
    expect(meaning({ words: 'moon', retryable: true }, 400, said('moon'))).toMatchObject({ retryable: true });
  });

  test('never make a failure of a success', () => {
    expect(meaning({ words: 'ok' }, 200, { id: '1', displayName: 'ok' })).toMatchObject({ code: null });
  });

  test('match 64 KB of hostile words in well under a second', () => {
    const words = Array.from({ length: 100 }, () => 'a').join('*');
    const startedMs = performance.now();
    meaning({ words: `${words}*b` }, 400, { detail: 'a'.repeat(65_536) });
    meaning({ words: `${words}*b` }, 400, { detail: 'a.\n'.repeat(20_000) });
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

test('a failure carries what the service provider said, fit to be stored, and when to come back', () => {
  const body = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    scimType: 'tooMany',
    detail: 'ann@example.com: token ya29.a0AfH6SMBx-secret refused',
  };
  const result = classify(answer(429, body, { headers: { 'Retry-After': '120' } }));
  expect(result).toMatchObject({
    code: '45004',
    scimType: 'tooMany',
    detail: '[address]: token [secret] refused',
    retryAfterMs: 120_000,
  });
});

test('any answer is classified without throwing, into a known reason', () => {
  const status = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.integer());
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ detail: value, errors: value })),
  );
  fc.assert(
    fc.property(status, body, fc.constantFrom('GET', 'POST', 'DELETE'), fc.string(), (code, text, method, path) => {
      const result = classify(answer(code, text, { request: { method, path }, headers: { 'retry-after': text } }));
      expect(Object.keys(failureReasons)).toContain(result.reason);
      expect((result.detail ?? '').length).toBeLessThanOrEqual(500);
    }),
  );
});

test('no pattern repeats a repetition, and 64 KB of hostile words are matched in well under a second', () => {
  const patterns = [...limitPatterns, ...appPatterns, ...credentialPatterns, ...resourcePatterns];
  const sources = patterns.flatMap(({ says, unless = [] }) => [...says, ...unless]);
  expect(sources.filter(({ source }) => /(?<!\\)[+*][^()|]*\)(?:[+*]|\{)/.test(source))).toEqual([]);
  const hostile = ['a', 'no ', 'user ', 'not be ', 'id is ', 'maximum ', 'already been a ', 'missing scim ', '"', '['];
  for (const part of hostile) {
    const body = JSON.stringify({ detail: part.repeat(65_536 / part.length) });
    const startedMs = performance.now();
    classify(answer(400, body));
    expect(performance.now() - startedMs).toBeLessThan(1000);
  }
});

test('codes, camelCase and sentences read the same', () => {
  const forms = ['LICENSE_LIMIT_EXCEEDED', 'licenseLimitExceeded', 'Licence limit exceeded'];
  expect(new Set(forms.map(wordsOf))).toEqual(new Set(['license limit exceeded']));
  expect(wordsOf("It can’t be blank, doesn't exist")).toBe('it can not be blank, does not exist');
});
