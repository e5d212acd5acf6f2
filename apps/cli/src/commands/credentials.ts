import type { Command } from 'commander';
import {
  AuditRecord,
  Credential,
  credential_KindToJSON,
  credential_StateToJSON,
  Revocation,
  Revocation_Kind,
  toCanonicalJson,
} from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import type { Io } from '../io.ts';
import { toCustomerName } from '../names.ts';
import { withServices } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord } from '../output.ts';

type ListOptions = { customer?: string; json?: boolean };

const call = { timeoutMs: callTimeoutMs };
const pageSize = 1000;

export function addCredentials(program: Command, io: Io): void {
  addList(program, 'credentials', 'list the credentials of apps, the one that ends first on top').action(
    (options: ListOptions) =>
      withServices(io, async ({ tokens }) => {
        const credentials = await collectPages(async (pageToken) => {
          const page = await tokens.listCredentials({ parent: parentOf(options), pageSize, pageToken }, call);
          return { items: page.credentials, nextPageToken: page.nextPageToken };
        });
        const toJson = (one: Credential) => toCanonicalJson('autoprov.token.v1.Credential', Credential, one);
        io.out(options.json ? formatJson(credentials.map(toJson)) : formatCredentials(credentials, new Date()));
      }),
  );
}

export function addRevocations(program: Command, io: Io): void {
  addList(program, 'revocations', 'list what deleted setups had and what is still to be withdrawn').action(
    (options: ListOptions) =>
      withServices(io, async ({ tokens }) => {
        const revocations = await collectPages(async (pageToken) => {
          const page = await tokens.listRevocations({ parent: parentOf(options), pageSize, pageToken }, call);
          return { items: page.revocations, nextPageToken: page.nextPageToken };
        });
        const toJson = (one: Revocation) => toCanonicalJson('autoprov.token.v1.Revocation', Revocation, one);
        io.out(options.json ? formatJson(revocations.map(toJson)) : formatRevocations(revocations, new Date()));
      }),
  );
}

export function addAudit(program: Command, io: Io): void {
  addList(program, 'audit', 'list who was given what by the token broker, and who was refused').action(
    (options: ListOptions) =>
      withServices(io, async ({ tokens }) => {
        const records = await collectPages(async (pageToken) => {
          const page = await tokens.listAuditRecords({ parent: parentOf(options), pageSize, pageToken }, call);
          return { items: page.records, nextPageToken: page.nextPageToken };
        });
        const toJson = (one: AuditRecord) => toCanonicalJson('autoprov.token.v1.AuditRecord', AuditRecord, one);
        io.out(options.json ? formatJson(records.map(toJson)) : formatAudit(records, new Date()));
      }),
  );
}

function addList(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--customer <customer>', 'only of this customer')
    .option('--json', 'one JSON array');
}

function parentOf({ customer }: ListOptions): string {
  return customer === undefined ? 'customers/-' : toCustomerName(customer);
}

/** One row a credential, or a sentence. */
export function formatCredentials(credentials: Credential[], now: Date): string {
  if (credentials.length === 0) return 'no credentials are stored';
  return formatTable(
    ['app', 'kind', 'state', 'ends', 'stored', 'client'],
    credentials.map(({ name, kind, state, expireTime, updateTime, clientId }) => [
      name
        .replace(/^customers\//, '')
        .replace('/apps/', '/')
        .replace('/credential', ''),
      formatWord(credential_KindToJSON(kind), 'KIND_'),
      formatWord(credential_StateToJSON(state), 'STATE_'),
      formatEnd(expireTime, now),
      updateTime ? `${formatAge(updateTime, now)} ago` : '',
      clientId,
    ]),
  );
}

function formatEnd(expireTime: Date | undefined, now: Date): string {
  if (!expireTime) return '';
  return expireTime > now ? `in ${formatAge(expireTime, now)}` : `${formatAge(expireTime, now)} ago`;
}

/** One row for each thing to withdraw, or a sentence. */
export function formatRevocations(revocations: Revocation[], now: Date): string {
  if (revocations.length === 0) return 'nothing is left to withdraw';
  return formatTable(
    ['app', 'what', 'client id', 'since', 'next try', 'why'],
    revocations.map(({ app, kind, clientId, createTime, nextAttemptTime, message }) => [
      app.replace(/^customers\//, '').replace('/apps/', '/'),
      kind === Revocation_Kind.KIND_DELEGATION ? 'delegation at Google' : 'token at the service provider',
      clientId,
      formatAge(createTime, now),
      formatEnd(nextAttemptTime, now),
      message,
    ]),
  );
}

/** One row for each caller and thing, or a sentence. */
export function formatAudit(records: AuditRecord[], now: Date): string {
  if (records.length === 0) return 'nobody has asked for anything yet';
  return formatTable(
    ['caller', 'what', 'version', 'outcome', 'times', 'first', 'last'],
    records.map(({ caller, resource, version, refusedReason, count, firstTime, lastTime }) => [
      caller,
      resource,
      version > 0n ? String(version) : '',
      refusedReason ? `refused: ${refusedReason}` : 'given',
      String(count),
      `${formatAge(firstTime, now)} ago`,
      `${formatAge(lastTime, now)} ago`,
    ]),
  );
}
