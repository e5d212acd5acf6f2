/** Stands for all customers and for the installation itself, as in `customers/-`. */
export const ALL_CUSTOMERS = '-';

/**
 * The ids of the customers that a request is about, `-` among them where it is about the installation or where that is
 * not certain: whoever lacks a role for one of them is refused, so a mistake here may only add to the set.
 *
 * Every text counts, at any depth, also keys of maps and texts that merely look like a name. But only the resource that
 * the request is for (AIP-131 to 135: `name`, `parent`, …) can show that it is not about the installation: a display name
 * or a page token that reads `customers/acme` never makes a request one of acme's alone.
 */
export function namedCustomers(request: unknown): Set<string> {
  const customers = new Set<string>();
  // Not recursive: a request of 4 MiB can be nested deeper than the stack.
  const waiting: unknown[] = [request];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') {
      const customer = customerOf(value);
      if (customer !== undefined) customers.add(customer);
    } else if (isMessage(value)) {
      for (const [key, inner] of Object.entries(value)) waiting.push(key, inner);
    }
  }
  if (customerOf(targetOf(request)) === undefined) customers.add(ALL_CUSTOMERS);
  return customers;
}

/** The id in a text that begins as a customer's resource name does; `-` where it is not well-formed; undefined: none. */
function customerOf(text: string): string | undefined {
  if (!/^[\s/]*customers[/%\\]/i.test(text)) return undefined;
  const [, customer, rest = ''] = /^customers\/([a-z0-9-]{2,40})(\/.*)?$/s.exec(text) ?? [];
  const isClean = !/\/(\.{0,2}(\/|$)|customers\/)|[\\%\s]/i.test(rest);
  return customer !== undefined && isClean ? customer : ALL_CUSTOMERS;
}

/** The name of the resource that a request is for; '' where it has none. */
function targetOf(request: unknown): string {
  if (!isMessage(request)) return '';
  for (const field of ['name', 'parent', 'app', 'customer']) {
    const value = request[field];
    if (typeof value === 'string') return value;
  }
  // An update names it within the resource (AIP-134).
  if (!('updateMask' in request)) return '';
  const [resource] = Object.values(request).filter((value) => isMessage(value) && typeof value['name'] === 'string');
  return (resource as { name: string } | undefined)?.name ?? '';
}

function isMessage(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof Date);
}
