import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, expect, test } from '@jest/globals';
import { runCli } from './program.ts';

const cwd = mkdtempSync(join(tmpdir(), 'autoprov-cli-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** Runs a command line in an empty folder, with nothing in the environment. */
async function run(args: string[], { stdin = '', env = {} } = {}) {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += `${text}\n`),
    stdout: new PassThrough(),
    stdin: (async function* () {
      yield stdin;
    })(),
    env,
    cwd,
  });
  return { code, out, err };
}

test('help is an answer, a wrong command line a usage error', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: autoprov'), err: '' });
  expect(await run(['nonsense'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining("unknown command 'nonsense'"),
  });
  expect(await run(['accounts'])).toMatchObject({ code: 2, err: expect.stringContaining('--app') });
  expect(await run(['sync', '--wait', 'long'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('whole number'),
  });
  expect(await run(['roles', 'grant', 'workload:x', 'owner', '--all'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('viewer, operator, approver'),
  });
  expect(await run(['catalogue', '99999'])).toMatchObject({ code: 2, err: expect.stringContaining('in no entry') });
});

test('where no services are known it says how to get them', async () => {
  expect(await run(['status'])).toMatchObject({ code: 1, err: expect.stringContaining('npm start') });
});

test('a service that cannot be reached is named by its address', async () => {
  const { code, err } = await run(['failures'], { env: { FAILURE_REPORTER_ADDRESS: 'localhost:1' } });
  expect(code).toBe(1);
  expect(err).toMatch(/^error: a service cannot be reached: connect ECONNREFUSED \S+:1 \(UNAVAILABLE\)\nWhat to do:\n/);
});

test('classify answers one line of JSON for each line', async () => {
  const sample = {
    id: 'a',
    phase: 'scim',
    request: { method: 'POST', path: '/Users' },
    status: 409,
    headers: {},
    body: '',
  };
  const line = (id: string) => JSON.stringify({ ...sample, id });
  const { code, out } = await run(['classify'], { stdin: `${line('a')}\n\n${line('b')}` });
  expect(code).toBe(0);
  const answers = out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(answers.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(Object.keys(answers[0]!)).toEqual(['id', 'code', 'reason', 'retryable']);
});

test('classify answers what recorded answers of service providers must mean, but for those that are debatable', async () => {
  const file = new URL('../../../libs/scim/src/testdata/classification-samples.jsonl', import.meta.url);
  const stdin = readFileSync(file, 'utf8');
  const samples = parseLines<Sample>(stdin);
  const { out } = await run(['classify'], { stdin });
  const answers = new Map(
    parseLines<{ id: string; code: string | null; retryable: boolean }>(out).map((a) => [a.id, a]),
  );
  const wrong = samples.filter(({ id, expected_code: code, expected_retryable: retryable }) => {
    const answer = answers.get(id);
    return answer?.code !== code || answer.retryable !== retryable;
  });
  const isDebatable = ({ debatable = false }: Sample): boolean => debatable;
  const table = wrong.filter(isDebatable).map((sample) => ({ ...sample, answered: answers.get(sample.id)?.code }));
  const disagreements = table.map(({ id, expected_code: code, answered }) => `${id}: ${answered}, expected ${code}`);
  process.stdout.write(
    `classify: ${samples.length} samples, ${samples.filter(isDebatable).length} of them debatable; ` +
      `disagreements on these: ${disagreements.join('; ') || 'none'}\n`,
  );
  expect(answers.size).toBe(samples.length);
  expect(wrong.filter((sample) => !isDebatable(sample))).toEqual([]);
});

type Sample = { id: string; expected_code: string | null; expected_retryable: boolean; debatable?: boolean };

function parseLines<Line>(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test('classify names the line that it cannot read', async () => {
  expect(await run(['classify'], { stdin: '\nno JSON' })).toMatchObject({
    code: 1,
    err: expect.stringContaining('line 2 is no JSON'),
  });
  expect(await run(['classify'], { stdin: '{}' })).toMatchObject({
    code: 1,
    err: expect.stringContaining('it needs at least'),
  });
});

test('the catalogue lists every failure and explains one', async () => {
  expect((await run(['catalogue'])).out).toMatch(/^CODE .*\n(.*\n)*45003 /);
  expect((await run(['catalogue', '45003'])).out).toMatch(/^45003: .*\n(.*\n)*LICENSE_LIMIT: /);
});

test('the schema of the applied file is JSON Schema', async () => {
  const { out } = await run(['apply', '--schema']);
  expect(JSON.parse(out)).toMatchObject({
    $schema: expect.stringContaining('json-schema.org'),
    additionalProperties: false,
  });
});
