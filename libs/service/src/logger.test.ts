import { expect, test } from '@jest/globals';
import { createLogger, Secret } from './index.ts';

function loggerWithLines() {
  const lines: string[] = [];
  const logger = createLogger({ service: 'config', level: 'debug' }, { write: (line) => void lines.push(line) });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

test('a line is one JSON object with service, level, time and the fields', () => {
  const { logger, lines, last } = loggerWithLines();
  logger.info({ app: 'crm', seq: 9007199254740993n, nested: { seq: 1n } }, 'setup activated');
  expect(lines).toHaveLength(1);
  expect(last()).toMatchObject({ service: 'config', level: 'info', app: 'crm', msg: 'setup activated' });
  expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('lines below the level are not written', () => {
  const { logger, lines } = loggerWithLines();
  logger.trace('not this');
  expect(lines).toEqual([]);
});

test('tokens and authorization never reach the log', () => {
  const { logger, lines } = loggerWithLines();
  logger.info(
    { token: 'S3CR3T', request: { headers: { authorization: 'Bearer S3CR3T' }, accessToken: 'S3CR3T' } },
    'x',
  );
  logger.info({ credential: new Secret('S3CR3T') }, 'x');
  expect(lines.join('')).not.toContain('S3CR3T');
  expect(lines.join('').match(/\[secret\]/g)).toHaveLength(4);
});

test('an error keeps its code and its causes, and loses what libraries hang on it', () => {
  const { logger, last } = loggerWithLines();
  const duplicate = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (email)=(ann@acme.example)',
  });
  logger.error({ err: new Error('setup not stored', { cause: new AggregateError([duplicate], 'two tries') }) }, 'x');
  expect(last()['err']).toMatchObject({
    type: 'Error',
    message: 'setup not stored',
    stack: expect.stringContaining('logger.test.ts'),
    cause: { type: 'AggregateError', errors: [{ message: 'duplicate key', code: '23505' }] },
  });
  expect(JSON.stringify(last())).not.toContain('ann@acme.example');
});

test.each([['text'], [undefined], [null], [Object.create(null)], [7n]])(
  'anything thrown can be logged: %p',
  (thrown) => {
    const { logger, lines } = loggerWithLines();
    logger.error({ err: thrown }, 'x');
    expect(lines).toHaveLength(1);
  },
);

test('an error that causes itself can be logged', () => {
  const { logger, lines } = loggerWithLines();
  const err = new Error('round');
  err.cause = err;
  logger.error({ err }, 'x');
  expect(lines).toHaveLength(1);
});
