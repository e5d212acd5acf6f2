import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { startGate } from './gate.ts';

test('a shut gate ends what was open and lets nobody in until it is opened again', async () => {
  const echo = createServer((socket) => void socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const gate = await startGate({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  const dial = () => connect(gate.port, '127.0.0.1').on('error', () => {});
  const hear = () =>
    new Promise<string>((resolve) => {
      const socket = dial();
      socket.on('data', (heard) => {
        resolve(String(heard));
        socket.destroy();
      });
      socket.on('close', () => resolve('nothing'));
      socket.write('hello');
    });
  expect(await hear()).toBe('hello');
  const open = dial();
  await once(open, 'connect');
  const ended = new Promise((resolve) => open.on('close', resolve));
  gate.shut();
  await ended;
  expect(await hear()).toBe('nothing');
  gate.open();
  expect(await hear()).toBe('hello');
  await gate.stop();
  echo.close();
});
