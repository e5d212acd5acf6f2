import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readBeginning, readWhole } from './read-body.ts';

const KB = 1024;

/** A body of chunks of 16 KB, as it comes from a socket; how many of them were asked for. */
function bodyOf(sizeKb: number) {
  let taken = 0;
  function* chunks() {
    for (; taken < sizeKb / 16;) {
      taken++;
      yield Buffer.alloc(16 * KB, 'x');
    }
  }
  const body = Readable.from(chunks(), { highWaterMark: 1 });
  return { body: body as unknown as Parameters<typeof readWhole>[0], stream: body, takenKb: () => taken * 16 };
}

test('of a refusal the beginning is read, and the connection is ended where more comes', async () => {
  const { body, stream, takenKb } = bodyOf(2 * KB);
  expect(await readBeginning(body)).toHaveLength(64 * KB);
  expect(takenKb()).toBeLessThan(200);
  expect(stream.destroyed).toBe(true);
});

test('an answer is read whole up to 2 MB, and refused when it is longer', async () => {
  expect(await readWhole(bodyOf(2 * KB).body)).toHaveLength(2 * KB * KB);
  const { body, takenKb } = bodyOf(8 * KB);
  await expect(readWhole(body)).rejects.toMatchObject({ code: 'UND_ERR_BODY_TOO_LARGE' });
  expect(takenKb()).toBeLessThan(2 * KB + 200);
});
