import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { MetadataValue } from '@grpc/grpc-js';
import { RoleBinding_Role, type RoleBinding } from '@autoprov/proto';
import { ALL_CUSTOMERS, namedCustomers } from './named-customers.ts';
import { RpcError } from './rpc-error.ts';

// Who may do what, for whom (docs/adr/0010-roles.md). Two identities are on a call: the workload, by its certificate, and
// the person it acts for, if there is one. Both must be allowed what is asked.
//
//   workload in the method's `allow`, no person   allowed
//   workload in the method's `allow`, person      what the person's role allows
//   another workload                              what its own role allows; with a person, what both roles allow
//   a method without a role                       only workloads in `allow`, and never for a person

/** What a role binding allows; each includes those before it. */
export type Role = 'viewer' | 'operator' | 'approver';

/**
 * The role that a method needs, for every customer that the request names (`namedCustomers`). Or else for:
 * `all`: the installation, always; `any`: some customer, since the answer holds nothing of a customer; `answer`: the
 * customer in the answer, which the handler must ask about with `call.requireRole` before it answers.
 */
export type MethodRole = Role | { readonly role: Role; readonly customer: 'all' | 'any' | 'answer' };

/** Where a server learns who somebody is and what they may do; made by `createAuthorizer`. */
export type Authorizer = {
  /** The verified mail address of the person in `authorization`. Throws IDENTITY_INVALID, or UNAVAILABLE. */
  identify(authorization: readonly MetadataValue[]): Promise<string>;
  /** The role bindings of `person:{address}` or `workload:{name}`. */
  bindingsOf(member: string): Promise<readonly RoleBinding[]>;
};

/** What is asked of whom. */
export type AuthorizationQuestion = {
  /** As on the wire: /package.Service/Method. */
  path: string;
  /** The workloads that need no role. */
  allowed: readonly string[];
  /** Undefined: nobody else may call. */
  role: MethodRole | undefined;
  /** The workload; '' where it has proved none. */
  caller: string;
  /** The metadata of that name. */
  authorization: readonly MetadataValue[];
  request: unknown;
};

/** The answer to a call that may go on. */
export type Authorization = {
  /** The verified mail address of the person who acts: never logged. */
  person?: string;
  /** Throws ROLE_MISSING unless everybody on the call has the role for `customers/{customer}`, or `customers/-`. */
  requireRole: (role: Role, customer: string) => void;
};

type Member = { member: string; bindings: readonly RoleBinding[] };

const ranks: Record<Role, RoleBinding_Role> = {
  viewer: RoleBinding_Role.ROLE_VIEWER,
  operator: RoleBinding_Role.ROLE_OPERATOR,
  approver: RoleBinding_Role.ROLE_APPROVER,
};

/** Whether bindings give a role for a customer's id, `-` for the installation; the customer `undefined`: for any. */
export function hasRole(bindings: readonly RoleBinding[], role: Role, customer: string | undefined): boolean {
  return bindings.some((binding) => {
    if (!(binding.role >= ranks[role] && binding.role <= ranks.approver)) return false;
    const [, bound] = /^customers\/(-|[a-z0-9-]{2,40})\/roleBindings\/[^/]+$/.exec(binding.name) ?? [];
    return bound !== undefined && (customer === undefined || bound === ALL_CUSTOMERS || bound === customer);
  });
}

/** What is known before a request is read. */
type Asked = Pick<AuthorizationQuestion, 'path' | 'allowed' | 'role' | 'caller'>;

/** Throws CALLER_NOT_ALLOWED for a workload that no role could let in: nothing else about its call needs a look. */
export function refuseClosed(asked: Asked): void {
  if (!asked.allowed.includes(asked.caller) && (asked.role === undefined || asked.caller === '')) {
    throw callerNotAllowed(asked);
  }
}

/** Lets a call go on, or throws CALLER_NOT_ALLOWED, ROLE_MISSING (PERMISSION_DENIED) or IDENTITY_INVALID. */
export async function authorize(question: AuthorizationQuestion, authorizer: Authorizer): Promise<Authorization> {
  const { path, allowed, role: needed, caller, authorization, request } = question;
  refuseClosed(question);
  const members: Member[] = [];
  if (!allowed.includes(caller)) {
    const member = `workload:${caller}`;
    const bindings = await authorizer.bindingsOf(member);
    if (bindings.length === 0) throw callerNotAllowed(question);
    members.push({ member, bindings });
  }
  let person: string | undefined;
  if (authorization.length > 0) {
    person = await authorizer.identify(authorization);
    members.push({ member: 'the person', bindings: await authorizer.bindingsOf(`person:${person}`) });
  }
  const requireRole = (role: Role, customer: string | undefined): void => {
    for (const { member, bindings } of members) {
      if (!hasRole(bindings, role, customer)) throw roleMissing(path, member, role, customer);
    }
  };
  if (members.length > 0) {
    if (needed === undefined) throw closedToPeople(path);
    const { role, customer } = typeof needed === 'string' ? { role: needed, customer: 'request' } : needed;
    for (const named of customersOf(customer, request)) requireRole(role, named);
  }
  return {
    ...(person !== undefined && { person }),
    requireRole: (role, name) => requireRole(role, customerIdOf(name)),
  };
}

function customersOf(rule: string, request: unknown): Iterable<string | undefined> {
  const named = namedCustomers(request);
  if (rule === 'request') return named;
  if (rule === 'all') return named.add(ALL_CUSTOMERS);
  // What such a request is for lies outside customers; a role for one of them is enough to ask.
  named.delete(ALL_CUSTOMERS);
  return [undefined, ...named];
}

/** What is no customer's is the installation's. */
function customerIdOf(name: string): string {
  return /^customers\/([a-z0-9-]{2,40})$/.exec(name)?.[1] ?? ALL_CUSTOMERS;
}

/** A person in log lines: the same for the same address, which it does not tell. */
export function hashPerson(person: string): string {
  return createHash('sha256').update(person).digest('hex').slice(0, 12);
}

function callerNotAllowed({ path, allowed, role, caller }: Asked): RpcError {
  const who = caller || 'a caller without a certificate of this installation';
  const grant = `give it a role with "autoprov roles grant workload:${caller} ${roleOf(role)} --customer …"`;
  const advice = role === undefined || caller === '' ? `only ${allowed.join(', ') || 'nobody'} may` : grant;
  const metadata = { caller, method: path };
  return new RpcError(status.PERMISSION_DENIED, 'CALLER_NOT_ALLOWED', `${who} may not call ${path}: ${advice}`, {
    metadata,
  });
}

function closedToPeople(path: string): RpcError {
  const message = `${path} is not for people: leave out the metadata "authorization" where the service itself calls`;
  return new RpcError(status.PERMISSION_DENIED, 'ROLE_MISSING', message, { metadata: { method: path } });
}

function roleMissing(path: string, member: string, role: Role, customer: string | undefined): RpcError {
  const where = customer === undefined ? 'any customer' : `customers/${customer}`;
  const option = customer === ALL_CUSTOMERS ? '--all' : `--customer ${customer ?? '…'}`;
  const grantee = member.startsWith('workload:') ? member : 'person:…';
  const message = `${member} lacks the role ${role} for ${where}, which ${path} needs: an operator of the installation can give it with "autoprov roles grant ${grantee} ${role} ${option}"`;
  const metadata = { method: path, role, customer: where, member: member.startsWith('workload:') ? member : 'person' };
  return new RpcError(status.PERMISSION_DENIED, 'ROLE_MISSING', message, { metadata });
}

function roleOf(needed: MethodRole | undefined): Role {
  return typeof needed === 'object' ? needed.role : (needed ?? 'viewer');
}
