import SCIMMY from 'scimmy';

/** A request as it came over the wire. */
export type WireRequest = {
  method: string;
  /** With its query, from the SCIM base URL on, for example `/Users?count=1`. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
};

type Definition = (typeof SCIMMY.Schemas.User)['definition'];
type Json = Record<string, unknown>;

SCIMMY.Schemas.User.definition.extend(SCIMMY.Schemas.EnterpriseUser.definition, false);

const collections = /^\/(Users|Groups)(?:\/([^/?]+))?$/;
const discovery = /^\/(ServiceProviderConfigs?|Schemas|ResourceTypes)(?:\/[^/]+)?$/;
const listParameters = ['filter', 'startIndex', 'count', 'attributes', 'excludedAttributes', 'sortBy', 'sortOrder'];

/**
 * What is wrong with a SCIM request, by the schemas, messages and filters of scimmy, which we did not write, and the words
 * of RFC 7644; undefined: nothing.
 */
export function findFault(request: WireRequest): string | undefined {
  try {
    check(request);
    return undefined;
  } catch (err) {
    const { method, path, body } = request;
    return `${method} ${path} is no valid SCIM request: ${(err as Error).message}: ${body}`;
  }
}

function check({ method, path, headers, body }: WireRequest): void {
  const { pathname, searchParams } = new URL(path, 'https://sp.example');
  const [, collection, id] = collections.exec(pathname) ?? [];
  demand(/application\/(scim\+)?json/.test(String(headers['accept'])), 'Accept names no JSON');
  if (method === 'GET') {
    demand(collection !== undefined || discovery.test(pathname), 'the path is none of SCIM');
    demand(body === '', 'a GET has a body');
    return checkQuery(searchParams);
  }
  demand(collection !== undefined, 'the path is none of SCIM');
  demand((method === 'POST') === (id === undefined), `${method} goes to another kind of path`);
  if (method === 'DELETE') return demand(body === '', 'a DELETE has a body');
  demand(
    /^application\/scim\+json\b/.test(String(headers['content-type'])),
    'Content-Type is not application/scim+json',
  );
  const { definition } = collection === 'Users' ? SCIMMY.Schemas.User : SCIMMY.Schemas.Group;
  const content = JSON.parse(body) as Json;
  if (method === 'PATCH') return checkPatch(definition, content);
  demand(method === 'POST' || method === 'PUT', 'the method is none of SCIM');
  checkResource(definition, content);
}

function checkQuery(parameters: URLSearchParams): void {
  for (const [name, value] of parameters) {
    demand(listParameters.includes(name), `the parameter ${name} is none of RFC 7644 §3.4.2`);
    if (name === 'startIndex' || name === 'count') demand(/^\d+$/.test(value), `${name} is no number`);
    // scimmy takes an escaped quote, which JSON strings may have, for the end.
    if (name === 'filter') new SCIMMY.Types.Filter(value.replaceAll(/\\["\\]/g, '_'));
  }
}

/** RFC 7644 §3.5.2. */
function checkPatch(definition: Definition, content: Json): void {
  const message = new SCIMMY.Messages.PatchOp(content as ConstructorParameters<typeof SCIMMY.Messages.PatchOp>[0]);
  for (const { op, path, value } of message.Operations) {
    if (path === undefined) checkNames(definition, value as Json);
    else {
      const [, filter] = /\[(.*)\]/.exec(path) ?? [];
      if (filter !== undefined) new SCIMMY.Types.Filter(filter);
      definition.attribute(path.replace(/\[.*\]/, ''));
    }
    demand(op.toLowerCase() !== 'replace' || value !== undefined, 'a replace has no value');
  }
}

/** RFC 7643 §3, §4. */
function checkResource(definition: Definition, content: Json): void {
  const { schemas } = content as { schemas?: string[] };
  demand(schemas?.includes(definition.id) === true, `schemas do not name ${definition.id}`);
  const extensions = Object.keys(content).filter((key) => key.startsWith('urn:'));
  demand(
    extensions.every((urn) => schemas!.includes(urn)),
    'schemas do not name an extension that is there',
  );
  checkNames(definition, content);
  const { schemas: _, id: __, meta: ___, ...attributes } = content;
  definition.coerce({ ...attributes, schemas }, 'in');
}

/** scimmy leaves out what it does not know: here it must know every attribute. */
function checkNames(definition: Definition, content: Json, prefix = ''): void {
  for (const [name, value] of Object.entries(content)) {
    if (prefix === '' && ['schemas', 'id', 'externalId', 'meta'].includes(name)) continue;
    const path = `${prefix}${name}`;
    definition.attribute(path);
    const inner = (Array.isArray(value) ? value : [value]).filter((it) => typeof it === 'object' && it !== null);
    for (const item of inner) checkNames(definition, item as Json, `${path}${name.startsWith('urn:') ? ':' : '.'}`);
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
