import { text } from 'node:stream/consumers';
import { MissingPrerequisiteError } from '../infra/missing-prerequisite-error.ts';
import { startServiceProvider } from './service-provider.ts';
import type { ServiceProvider, ServiceProviderOptions } from './service-provider.ts';

/** What we use of Polis (@boxyhq/saml-jackson), which is no dependency of ours: see startPolis. */
type DirectorySync = {
  directories: {
    create(options: { name: string; tenant: string; product: string; type: 'generic-scim-v2' }): Promise<{
      data: { id: string; scim: { secret: string } };
    }>;
  };
  requests: {
    handle(request: {
      method: string;
      body: unknown;
      directoryId: string;
      resourceType: 'users';
      resourceId: string | undefined;
      apiSecret: string;
      query: { count?: number; startIndex?: number; filter?: string };
    }): Promise<{ status: number; data: unknown }>;
  };
};
type Jackson = { default: (options: object) => Promise<{ directorySyncController: DirectorySync }> };

const basePath = '/scim/v2';
/** Not a literal, so that the compiler does not look for it. */
const packageName: string = '@boxyhq/saml-jackson';
let polis: Promise<DirectorySync> | undefined;

/**
 * Starts Polis' SCIM server, users only, over its memory engine. It brings 429 packages of 254 MB, most of them drivers of
 * databases, so it is no dependency: install it beside, with `npm install --no-save @boxyhq/saml-jackson@26.2.0`.
 *
 * Quirks to know: a path with the URN of an extension, which has dots, makes PATCH store an attribute of another name: use
 * PUT; filters by userName only, and answers nobody to others; refuses a second userName with 409 without a scimType; no
 * ServiceProviderConfig; its DELETE answers 200 with the resource.
 *
 * @throws MissingPrerequisiteError where it is not installed
 */
export async function startPolis(options: ServiceProviderOptions = {}): Promise<ServiceProvider> {
  polis ??= openPolis();
  const { directories, requests } = await polis;
  const { data: directory } = await directories.create({
    name: 'autoprov',
    tenant: 'autoprov',
    product: 'autoprov',
    type: 'generic-scim-v2',
  });
  return startServiceProvider(options, basePath, (_, token) => async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://polis');
    const [, resourceId] = /^\/scim\/v2\/Users(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const body = await text(request);
    const answer = (status: number, data: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(data ?? {}));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, {});
    if (!pathname.startsWith(`${basePath}/Users`)) return answer(404, {});
    const filter = searchParams.get('filter');
    const { status, data } = await requests.handle({
      method: request.method ?? 'GET',
      body: body === '' ? undefined : (JSON.parse(body) as unknown),
      directoryId: directory.id,
      resourceType: 'users',
      resourceId,
      apiSecret: directory.scim.secret,
      query: {
        count: Number(searchParams.get('count') ?? 100),
        startIndex: Number(searchParams.get('startIndex') ?? 1),
        ...(filter !== null && { filter }),
      },
    });
    return answer(status, data);
  });
}

async function openPolis(): Promise<DirectorySync> {
  // It reports its use to its makers unless told not to.
  process.env['DO_NOT_TRACK'] = '1';
  const found = import(packageName) as Promise<Jackson | { default: Jackson }>;
  const module = await found.catch((cause: unknown) => {
    const how = `npm install --no-save ${packageName}@26.2.0`;
    throw new MissingPrerequisiteError(`Polis is not installed (${String(cause)}): run "${how}"`);
  });
  const open = typeof module.default === 'function' ? module.default : module.default.default;
  const { directorySyncController } = await open({
    externalUrl: 'http://polis.example',
    samlPath: '/sso',
    samlAudience: 'autoprov',
    scimPath: basePath,
    db: { engine: 'mem' },
    // It complains of each change that no webhook is told of.
    logger: { info() {}, warn() {}, error() {} },
  });
  return directorySyncController;
}
