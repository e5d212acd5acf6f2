// npm run chaos -- [--kills N] [--freezes N] [--replicas N] [--without-intents] [--json]: kills and freezes pushers.
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { chaosEnvironment, chaosPeople, runChaos } from '@autoprov/testing';
import { createDisplay, formatRows } from './shared/display.ts';
import { runTool, withNetwork } from './shared/run-tool.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    freezes: { type: 'string', default: '30' },
    replicas: { type: 'string', default: '3' },
    /** The same with the pushers' intents switched off: people must be there twice, else this finds nothing. */
    'without-intents': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

await runTool(async () => {
  const display = createDisplay();
  const withoutIntents = values['without-intents'];
  const dir = resolve('.autoprov/chaos');
  const pusher = { ...chaosEnvironment({ withoutIntents }), NODE_COMPILE_CACHE: `${dir}/compiled` };
  const options = { dir, people: chaosPeople(), env: { 'scim-pusher': pusher } };
  const chaos = await withNetwork(display, options, (network) =>
    runChaos(network, {
      kills: Number(values.kills),
      freezes: Number(values.freezes),
      replicas: Number(values.replicas),
      onFound: (sentence) => display.print(`  found: ${sentence}`),
      onProgress: (step, detail) => display.step(step, detail),
    }),
  );
  display.done();
  const { onDuty, lostAnswers, syncs, sentences: _, ...figures } = chaos;
  const details = { 'of these while serving an app': onDuty, 'answers lost': lostAnswers, 'first syncs': syncs };
  display.print(`\n${formatRows([...Object.entries(figures), ...Object.entries(details)])}\n`);
  if (values.json) display.print(JSON.stringify(figures));
  const { lost, duplicated, wrongLinks } = figures;
  if (!withoutIntents) return lost + duplicated + wrongLinks === 0 ? 0 : 1;
  if (duplicated > 0) return 0;
  display.print('  without intents nobody is there twice: the kills do not hit creates');
  return 1;
});
