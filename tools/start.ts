// npm start: everything a person needs to see Autoprov work, on one machine, until Ctrl-C.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Network } from '@autoprov/testing';
import { colored, createDisplay, formatRows } from './shared/display.ts';
import type { Display } from './shared/display.ts';
import { applyExample, syncExample } from './shared/example-app.ts';
import { runTool, untilStopped, withNetwork } from './shared/run-tool.ts';
import { readSummary } from './shared/summary.ts';

const dir = '.autoprov/local';
/** Where `npx autoprov` looks for the services. */
const networkFile = '.autoprov/network.json';

await runTool(async () => {
  const display = createDisplay();
  display.print(`\n  ${colored('bold', 'Autoprov')} on this machine\n`);
  // Often enough that a change in the example directory is seen to arrive.
  const env = { 'directory-reader': { POLL_INTERVAL_MS: '15000', POLL_INTERVAL_MAX_MS: '15000' } };
  return withNetwork(display, { dir, keepData: true, env }, async (network) => {
    writeNetworkFile(network);
    try {
      await Promise.race([provision(network, display), untilStopped()]);
      return await untilStopped();
    } finally {
      rmSync(networkFile, { force: true });
      display.print('\n  stopping …');
    }
  });
});

async function provision(network: Network, display: Display): Promise<void> {
  display.step('an example company, by autoprov apply');
  const applied = await applyExample(network, network.people.accessGroup);
  await syncExample(network, display, { title: 'first sync', read: false });
  display.done();
  const { created, failed, googleReads, scimCalls } = await readSummary(network);
  const failing = Object.entries(failed).map(([code, count]) => `${code} × ${count}`);
  display.print(
    `\n${formatRows([
      ['people in the directory', network.people.state.users.size],
      ['accounts created', created],
      ['people who fail, as they must', failing.join(', ') || 'nobody'],
      ['requests to the directory', googleReads],
      ['requests to the service provider', scimCalls],
    ])}\n`,
  );
  display.print(whereToLook(network, applied));
}

function whereToLook(
  { people, directory, serviceProvider, kafka, databaseUrl, dir: logDir }: Network,
  applied: string,
) {
  const [failing] = people.troubledPeople;
  const ada = [...people.state.users.values()].find(({ isAdmin, suspended }) => !isAdmin && !suspended)!;
  const command = (text: string): string => colored('cyan', text);
  return `  ${colored('bold', 'Where to look next')} (in another terminal)
    ${command('npx autoprov status')}
    ${command('npx autoprov failures')}
    ${command(`npx autoprov explain ${failing!.user.primaryEmail} --app wiki`)}

  ${colored('bold', 'Change something on purpose')}; it is read within 15 s, or at once with ${command('npx autoprov sync')}
    ${command(`curl ${directory.controlUrl} -d '{"do":"suspend","user":"${ada.primaryEmail}"}'`)}
    ${command(`curl ${directory.controlUrl} -d '{"do":"failPage","kind":"users","page":2,"status":503,"reason":"backendError"}'`)}
    ${command(`curl --cacert ${relative('.', logDir)}/tls/ca.pem ${new URL('/_control', serviceProvider.access.baseUrl).href} -d '{"do":"fault","effect":"rateLimit","times":20}'`)}

${formatRows([
  ['what was applied', relative('.', applied)],
  ['service provider', serviceProvider.access.baseUrl],
  ['Kafka', `${kafka.brokers.join(',')}, failures as CloudEvents on ${kafka.topicPrefix}autoprov.failures.v1`],
  ['PostgreSQL', withoutPassword(databaseUrl)],
  ['logs', `${relative('.', logDir)}/logs`],
])}

  Ctrl-C stops everything; the next start goes on from here (to begin empty: rm -r ${relative('.', logDir)}).
`;
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.password = '';
  return url.href;
}

function writeNetworkFile({ addresses, cliEnvironment }: Network): void {
  const { TLS_CA_FILE: ca, TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = cliEnvironment;
  mkdirSync(dirname(networkFile), { recursive: true });
  writeFileSync(networkFile, JSON.stringify({ services: addresses, tls: { ca, cert, key } }, null, 2));
}
