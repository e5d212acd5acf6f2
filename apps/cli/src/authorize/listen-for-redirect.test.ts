import { expect, test } from '@jest/globals';
import { listenForRedirect } from './listen-for-redirect.ts';

test('the first page that carries an answer is where the person arrived; other pages are not', async () => {
  const redirect = await listenForRedirect(0);
  try {
    expect((await fetch(`${redirect.uri}favicon.ico`)).status).toBe(404);
    expect((await fetch(`${redirect.uri}?code=c&state=s`)).status).toBe(200);
    expect(await redirect.arrived).toBe(`${redirect.uri}?code=c&state=s`);
  } finally {
    redirect.close();
  }
});
