import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { bodies } from './bodies.ts';
import { answerJson, errorUrn, listUrn, type Asked, type Hostility } from './hostility.ts';
import { wires } from './wires.ts';

/** A server that misbehaves in every way of its table. */
export type HostileServiceProvider = {
  /** The base URL at which it behaves so. */
  baseUrlOf: (name: string) => string;
  /** Requests for one behaviour so far. */
  requestsFor: (name: string) => number;
  stop: () => Promise<void>;
};

const hostilities: readonly Hostility[] = [...wires, ...bodies];

/** Every behaviour, by name. */
export const hostileBehaviours: readonly string[] = hostilities.map(({ name }) => name);

type Accounts = Map<string, Record<string, unknown>>;

/**
 * Starts a service provider that is out to harm who calls it. The behaviour is part of the base URL. Requests that it is not
 * about are answered as SCIM says, so that the client comes to those that it is about.
 */
export async function startHostileServiceProvider(): Promise<HostileServiceProvider> {
  const accounts = new Map(hostilities.map(({ name }) => [name, new Map() as Accounts]));
  const requests = new Map<string, number>();
  const server = await listenOnLoopback((request, response) => {
    const [, index = '', path = ''] = /^\/(\d+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const hostility = hostilities[Number(index)];
    if (!hostility) return void response.writeHead(404).end();
    requests.set(hostility.name, (requests.get(hostility.name) ?? 0) + 1);
    const asked = readAsked(request.method ?? 'GET', path);
    if (!hostility.on || hostility.on.includes(asked)) return hostility.answer(response, request);
    return answerWell(accounts.get(hostility.name)!, asked, path, request, response);
  });
  return {
    baseUrlOf: (name) => `${server.url}/${hostilities.findIndex((hostility) => hostility.name === name)}`,
    requestsFor: (name) => requests.get(name) ?? 0,
    stop: server.stop,
  };
}

function readAsked(method: string, path: string): Asked {
  if (/^\/ServiceProviderConfigs?$/.test(path)) return 'config';
  if (/^\/(Schemas|ResourceTypes)/.test(path)) return 'schemas';
  if (method === 'POST') return 'create';
  if (method !== 'GET') return 'change';
  if (path.includes('filter=')) return 'find';
  return path.startsWith('/Users/') ? 'read' : 'list';
}

async function answerWell(
  accounts: Accounts,
  asked: Asked,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await buffer(request)).toString();
  const id = decodeURIComponent(path.replace(/^\/Users\/?/, '').replace(/\?.*$/, ''));
  switch (asked) {
    case 'config':
      return answerJson(response, { patch: { supported: true } });
    case 'schemas':
    case 'list':
    case 'find':
      return answerJson(response, { schemas: [listUrn], totalResults: 0, Resources: [] });
    case 'create': {
      const account = { ...(JSON.parse(body) as object), id: randomUUID() };
      accounts.set(account.id, account);
      return answerJson(response, account, { status: 201 });
    }
    default: {
      const account = accounts.get(id);
      const unknown = { schemas: [errorUrn], status: '404', detail: 'no such account' };
      return account ? answerJson(response, account) : answerJson(response, unknown, { status: 404 });
    }
  }
}
