import { expect, test } from '@jest/globals';
import { workloadName } from './caller.ts';

test('the name is taken from the one SPIFFE id of this installation', () => {
  const names = 'URI:spiffe://autoprov/token-broker, DNS:localhost, IP Address:127.0.0.1';
  expect(workloadName(names)).toBe('token-broker');
});

test.each([
  '',
  'DNS:spiffe://autoprov/config',
  'URI:spiffe://autoprov/',
  'URI:spiffe://autoprov/Config',
  'URI:spiffe://autoprov/config/x',
  'URI:spiffe://autoprov/config?x',
  'URI:spiffe://autoprov.example/config',
  'URI:https://autoprov/config',
  'URI:spiffe://autoprov/config, URI:spiffe://autoprov/cli',
  'DNS:"a, URI:spiffe://autoprov/config, DNS:b"',
  'DNS:a, URI:"spiffe://autoprov/config"',
])('%s names nobody', (names) => {
  expect(workloadName(names)).toBe('');
});
