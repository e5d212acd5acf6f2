/** The id of a customer or an app: lower-case letters, digits and dashes, 2 to 40 characters. */
const ID = '[a-z0-9-]{2,40}';

/** Reads `customers/{customer}`; undefined: it is no such name. */
export function parseCustomerName(name: string): { customerId: string } | undefined {
  const [, customerId] = new RegExp(`^customers/(${ID})$`).exec(name) ?? [];
  return customerId === undefined ? undefined : { customerId };
}

/** Reads `customers/{customer}/apps/{app}`; undefined: it is no such name. */
export function parseAppName(name: string): { customerId: string; appId: string } | undefined {
  const [, customerId, appId] = new RegExp(`^customers/(${ID})/apps/(${ID})$`).exec(name) ?? [];
  return customerId === undefined || appId === undefined ? undefined : { customerId, appId };
}

/**
 * Reads `customers/{customer}/users/{user}`; undefined: it is no such name. The id is what the directory gave, so any
 * text without a slash.
 */
export function parseUserName(name: string): { customerId: string; userId: string } | undefined {
  const [, customerId, userId] = new RegExp(`^customers/(${ID})/users/([^/]+)$`).exec(name) ?? [];
  return customerId === undefined || userId === undefined ? undefined : { customerId, userId };
}

/**
 * Reads `customers/{customer}/groups/{group}`; undefined: it is no such name. The id is what a setup spells: an address or
 * Google's id, so any text.
 */
export function parseGroupName(name: string): { customerId: string; groupId: string } | undefined {
  const [, customerId, groupId] = new RegExp(`^customers/(${ID})/groups/(.+)$`).exec(name) ?? [];
  return customerId === undefined || groupId === undefined ? undefined : { customerId, groupId };
}
