import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EnvError, field, parseEnv, Secret, z } from './index.ts';

const shape = {
  GRPC_ADDRESS: field.address,
  TOKEN_URL: field.url,
  READ_EVERY_MS: field.durationMs.default(300_000),
  CLOCK_OFFSET_MS: field.offsetMs.default(0),
  TLS_KEY_FILE: field.filePath,
  KAFKA_BROKERS: field.list,
  REFLECTION: field.boolean.default(false),
  MASTER_KEY: field.secret,
  MODE: z.enum(['local', 'cluster']).optional(),
};

const complete = {
  GRPC_ADDRESS: '[::1]:7001',
  TOKEN_URL: 'https://idp.example.com/token',
  READ_EVERY_MS: '5000',
  CLOCK_OFFSET_MS: '-86400000',
  TLS_KEY_FILE: import.meta.filename,
  KAFKA_BROKERS: 'a:9092, b:9092,',
  REFLECTION: 'true',
  MASTER_KEY: 'k1',
};

function messageOf(env: Record<string, string | undefined>): string {
  try {
    parseEnv(shape, env);
  } catch (err) {
    if (err instanceof EnvError) return err.message;
    throw err;
  }
  throw new Error('was accepted');
}

test('a complete environment becomes typed values, and unknown variables are ignored', () => {
  const env = parseEnv(shape, { ...complete, HOME: '/root' });
  expect(env).toEqual({
    GRPC_ADDRESS: '[::1]:7001',
    TOKEN_URL: 'https://idp.example.com/token',
    READ_EVERY_MS: 5000,
    CLOCK_OFFSET_MS: -86400000,
    TLS_KEY_FILE: import.meta.filename,
    KAFKA_BROKERS: ['a:9092', 'b:9092'],
    REFLECTION: true,
    MASTER_KEY: expect.any(Secret),
  });
  expect(env.MASTER_KEY.reveal()).toBe('k1');
});

test('all mistakes are named at once, with what is expected', () => {
  expect(
    messageOf({ GRPC_ADDRESS: 'localhost', READ_EVERY_MS: '5s', TLS_KEY_FILE: '/nowhere/key.pem', MODE: 'x' }),
  ).toBe(
    [
      'the environment is not complete; correct it and start again:',
      '  GRPC_ADDRESS is wrong: must be host:port, for example 127.0.0.1:7001',
      '  TOKEN_URL is not set: must be an absolute URL, for example https://idp.example.com/',
      '  READ_EVERY_MS is wrong: must be milliseconds from 0 to 2147483647, for example 5000',
      '  TLS_KEY_FILE is wrong: names a file that this process cannot read: create it or correct its permissions',
      '  KAFKA_BROKERS is not set: must be values between commas, for example a.example:9092,b.example:9092',
      '  MASTER_KEY is not set: must be set to the secret itself',
      '  MODE is wrong: Invalid option: expected one of "local"|"cluster"',
    ].join('\n'),
  );
});

test('an empty variable counts as not set', () => {
  expect(parseEnv({ READ_EVERY_MS: shape.READ_EVERY_MS }, { READ_EVERY_MS: '' })).toEqual({ READ_EVERY_MS: 300_000 });
  expect(messageOf({ ...complete, MASTER_KEY: '' })).toContain('MASTER_KEY is not set');
});

test.each(['h:0', 'h:65535', '10.0.0.1:80', 'svc.ns:1', '[::1]:1'])('%s is an address', (address) => {
  expect(parseEnv({ A: field.address }, { A: address })).toEqual({ A: address });
});

test.each(['h', 'h:', ':1', 'h:65536', 'http://h:1', 'h:1/x', '::1:1', 'a b:1'])('%s is no address', (address) => {
  expect(() => parseEnv({ A: field.address }, { A: address })).toThrow(EnvError);
});

test('no message repeats a value, whatever it is', () => {
  const marker = 'S3CR3T';
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const value = `${before}${marker}${after}`;
      const message = messageOf(Object.fromEntries(Object.keys(shape).map((name) => [name, value])));
      expect(message).not.toContain(marker);
    }),
  );
});
