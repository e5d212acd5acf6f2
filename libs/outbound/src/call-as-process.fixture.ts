import { request } from 'undici';
import { createOutboundAgent } from './index.ts';

// Asks each URL by an agent of its own and prints what came of it: for tests of what the environment may not change.
const [ca, ...urls] = process.argv.slice(2);
const results = [];
for (const url of urls) {
  const trusted = ca === '' ? {} : { ca: ca! };
  const agent = createOutboundAgent({ allowedHosts: ['127.0.0.1'], timeoutMs: 2_000, ...trusted });
  try {
    const answer = await request(url, { dispatcher: agent });
    await answer.body.dump();
    results.push(answer.statusCode);
  } catch (err) {
    results.push((err as { code?: string }).code);
  }
  await agent.destroy();
}
console.log(JSON.stringify(results));
