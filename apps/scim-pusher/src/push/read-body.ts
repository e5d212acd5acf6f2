import type { Dispatcher } from 'undici';

const maxBodyBytes = 2 * 1024 * 1024;
/** Of a refusal: its status and its first words say what it is. */
const maxRefusalBytes = 64 * 1024;

type Body = Dispatcher.ResponseData['body'];

/** The body, as long as it may be; throws `tooLarge` where it is longer. */
export async function readWhole(body: Body): Promise<string> {
  const { text, isWhole } = await readUpTo(maxBodyBytes, body);
  if (!isWhole) throw tooLarge();
  return text;
}

/** What a refusal begins with. */
export async function readBeginning(body: Body): Promise<string> {
  return (await readUpTo(maxRefusalBytes, body)).text;
}

/** Ends the connection where more comes. */
async function readUpTo(maxBytes: number, body: Body): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxBytes) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), isWhole: size <= maxBytes };
}

/** Whatever of an answer is more than is read. */
export function tooLarge(): Error {
  return Object.assign(new Error('the answer is too large'), { code: 'UND_ERR_BODY_TOO_LARGE' });
}
