import { expect, test } from '@jest/globals';
import { checkAuthorizationParameters, reservedAuthorizationParameters } from './authorization-parameters.ts';

const wrong = (parameters: Record<string, string>) => checkAuthorizationParameters(parameters).map(({ name }) => name);

test('what a service provider documents beside the RFCs can be sent', () => {
  expect(
    wrong({ token_access_type: 'offline', access_type: 'offline', prompt: 'login consent', audience: 'api' }),
  ).toEqual([]);
});

test.each(reservedAuthorizationParameters)('%s is made for each request, however it is written', (name) => {
  expect(wrong({ [name]: 'x' })).toEqual([name]);
  expect(wrong({ [name.toUpperCase()]: 'x' })).toEqual([name.toUpperCase()]);
});

test.each([
  ['a b', 'x'],
  ['', 'x'],
  ['a&state', 'x'],
  ['a', ''],
  ['a', 'x\ny'],
])('a parameter %j with the value %j is refused', (name, value) => {
  expect(wrong({ [name]: value })).toEqual([name]);
});
