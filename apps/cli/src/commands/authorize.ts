import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { InvalidArgumentError, type Command } from 'commander';
import { listenForRedirect, type Redirect } from '../authorize/listen-for-redirect.ts';
import { readClient, type ClientOptions } from '../authorize/oauth-client.ts';
import { callTimeoutMs, checkTimeoutMs } from '../calls.ts';
import { CommandError, type Io } from '../io.ts';
import { chooseApp } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';

type AuthorizeOptions = AppOptions & ClientOptions & { port: number; redirectUri?: string };

export function addAuthorize(program: Command, io: Io): void {
  addAppOptions(program.command('authorize'))
    .description('let a person agree at the service provider (OAuth), and store what comes of it')
    .option('--client-id <id>', 'the OAuth client; left out: the stored one, to authorize again')
    .option('--client-secret-env <name>', 'the environment variable that holds its secret')
    .option('--client-secret-file <path>', 'the file that holds its secret')
    .option('--secret-in-body', 'send the secret in the body (client_secret_post), not as a header')
    .option('--authorization-url <url>', "where the person agrees; the template's unless given")
    .option('--token-url <url>', "where tokens are made; the template's unless given")
    .option('--revocation-url <url>', "where tokens are revoked; the template's unless given")
    .option('--issuer <url>', 'the issuer that the answer must name')
    .option('--scope <scope...>', "what to ask for; the template's unless given")
    .option('--parameter <name=value...>', "what the authorization request says beside; the template's unless given")
    .option('--port <port>', 'the port on 127.0.0.1 that the browser comes back to; 0: any', readPort, 0)
    .option('--redirect-uri <url>', 'come back to this page instead, and paste its address here')
    .action((options: AuthorizeOptions) => withServices(io, (services) => authorize(io, services, options)));
}

async function authorize(io: Io, services: Services, options: AuthorizeOptions): Promise<void> {
  const app = await chooseApp(services, options.app, options.customer);
  const { template } = await services.config.getPreConfiguration({ app }, { timeoutMs: callTimeoutMs });
  const client = await readClient(io, options, template?.authorization);
  const redirect = options.redirectUri ? readPasted(io, options.redirectUri) : await listenForRedirect(options.port);
  try {
    const begin = { app, client, redirectUri: redirect.uri };
    const { authorizationUrl } = await services.tokens.beginAuthorization(begin, { timeoutMs: callTimeoutMs });
    io.err(`Open this page within 10 minutes, sign in and agree:\n\n  ${authorizationUrl}\n`);
    const redirectedUrl = await redirect.arrived;
    await services.tokens.completeAuthorization({ app, redirectedUrl }, { timeoutMs: checkTimeoutMs });
    io.out(`${app} is authorized`);
  } finally {
    redirect.close();
  }
}

/** For service providers that send nobody back to loopback. */
function readPasted(io: Io, uri: string): Redirect {
  const lines = createInterface({ input: Readable.from(io.stdin) });
  const firstLine = async (): Promise<string> => {
    for await (const line of lines) if (line.trim() !== '') return line.trim();
    throw new CommandError('no address was pasted: authorize again, and paste the address of the page you arrive at');
  };
  return { uri, arrived: firstLine(), close: () => lines.close() };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('it must be a port');
}
