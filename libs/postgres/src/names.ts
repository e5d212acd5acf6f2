/** The schema of a service: its name with underscores (`token-broker` → `token_broker`). */
export function schemaName(service: string): string {
  if (!/^[a-z][a-z0-9_-]{0,40}$/.test(service)) {
    throw new Error(`"${service}" cannot name a service: use lower-case letters, digits and dashes, a letter first`);
  }
  return service.replaceAll('-', '_');
}

/** The role a service logs in with: it may read and write the rows of its own schema, and nothing else. */
export function roleName(service: string): string {
  return `autoprov_${schemaName(service)}`;
}

/** `adminUrl` with the service's role, and `password` or none, in place of the administrator's. */
export function roleUrl(adminUrl: string, service: string, password = ''): string {
  const url = new URL(adminUrl);
  url.username = roleName(service);
  url.password = encodeURIComponent(password);
  return url.href;
}
