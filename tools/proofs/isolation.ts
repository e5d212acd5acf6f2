import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startInfra } from '@autoprov/testing';
import type { Display } from '../shared/display.ts';
import type { Proof } from '../proof.ts';

const PAIRS = 5;
const APPS = 50;
const REQUESTS_PER_SECOND = 25;
const SHAPE = { processes: 4, quietApps: APPS - 6, busyApps: 6, requestsPerSecond: REQUESTS_PER_SECOND, seconds: 25 };

/** What apps/scim-pusher/src/isolation.process.ts prints. */
type Measured = {
  p95Ms: number;
  pushed: number;
  mostInSecond: number;
  mostInTenSeconds: number;
  busyPerSecond: number;
};

/** No app gets more requests than its rate, whoever sends them, and none is slower because of another's service provider. */
export async function prove(display: Display): Promise<Proof> {
  const infra = await startInfra({ dir: '.autoprov/proof' });
  try {
    const [alone, beside]: [Measured[], Measured[]] = [[], []];
    for (let pair = 1; pair <= PAIRS; pair++) {
      display.step(`${APPS} apps, ${SHAPE.processes} pushers`, `pair ${pair} of ${PAIRS}`);
      alone.push(await measure(infra.databaseUrl, []));
      beside.push(await measure(infra.databaseUrl, ['hangs', 'fails']));
    }
    display.step(`${APPS} apps, ${SHAPE.processes} pushers`, '40 service providers hang');
    const manyHung = await measure(infra.databaseUrl, Array<string>(40).fill('hangs'));
    display.done();
    return judge(alone, beside, manyHung);
  } finally {
    await infra.stop();
  }
}

function judge(alone: Measured[], beside: Measured[], manyHung: Measured): Proof {
  const all = [...alone, ...beside, manyHung];
  const ratios = alone.map(({ p95Ms }, i) => beside[i]!.p95Ms / p95Ms);
  const figures = {
    p95MsAlone: median(alone.map(({ p95Ms }) => p95Ms)),
    p95MsBesideTrouble: median(beside.map(({ p95Ms }) => p95Ms)),
    p95Ratio: Number(median(ratios).toFixed(2)),
    p95MsBeside40Hung: manyHung.p95Ms,
    mostInSecond: Math.max(...all.map(({ mostInSecond }) => mostInSecond)),
    mostInTenSeconds: Math.max(...all.map(({ mostInTenSeconds }) => mostInTenSeconds)),
  };
  const promises: [boolean, string][] = [
    [
      figures.p95Ratio <= 1.25,
      `one that hangs and one that fails slow others by 25 % at most, not ${figures.p95Ratio} times`,
    ],
    [
      figures.mostInSecond <= REQUESTS_PER_SECOND + 5,
      `no second has more than ${REQUESTS_PER_SECOND + 5} requests, not ${figures.mostInSecond}`,
    ],
    [
      figures.mostInTenSeconds <= REQUESTS_PER_SECOND * 11,
      `no ten seconds have more than ${REQUESTS_PER_SECOND * 11} requests, not ${figures.mostInTenSeconds}`,
    ],
  ];
  return {
    figures,
    details: [
      ['changes measured', all.reduce((sum, { pushed }) => sum + pushed, 0)],
      ['requests a second to each busy app', median(alone.map(({ busyPerSecond }) => busyPerSecond))],
      ['p95 ratio of each pair', ratios.map((ratio) => ratio.toFixed(2)).join(', ')],
    ],
    broken: promises.filter(([holds]) => !holds).map(([, sentence]) => sentence),
  };
}

/** In a process of its own, so that nothing is left of it. */
async function measure(databaseUrl: string, troubled: string[]): Promise<Measured> {
  const script = new URL('../../apps/scim-pusher/src/isolation.process.ts', import.meta.url).pathname;
  const args = ['--conditions=@autoprov/source', '--disable-warning=ExperimentalWarning', script];
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const { stdout } = await promisify(execFile)(process.execPath, [...args, JSON.stringify({ ...SHAPE, troubled })], {
    env,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
