import type { FieldViolation, Role } from '@autoprov/grpc';
import { parseCustomerName, RoleBinding_Role, type RoleBinding } from '@autoprov/proto';
import type { BindingKey, StoredBinding } from '../store/role-bindings.ts';
import { refuseViolations } from './violations.ts';

const roles = { viewer: 'ROLE_VIEWER', operator: 'ROLE_OPERATOR', approver: 'ROLE_APPROVER' } as const;

/** The API's form of a binding. */
export function presentBinding({ customerId, bindingId, member, role, createTime }: StoredBinding): RoleBinding {
  const name = `customers/${customerId}/roleBindings/${bindingId}`;
  return { name, member, role: RoleBinding_Role[roles[role]], createTime };
}

/** Reads `customers/{customer}` or `customers/-`. */
export function readBindingParent(field: string, name: string): string {
  if (name === 'customers/-') return '-';
  const parsed = parseCustomerName(name);
  const description = `"${name}" names no customer: write customers/{customer}, or customers/- for all`;
  if (!parsed) refuseViolations([{ field, description }]);
  return parsed!.customerId;
}

/** Reads `customers/{customer}/roleBindings/{binding}`. */
export function readBindingName(field: string, name: string): BindingKey {
  const [, customerId, bindingId] = /^customers\/(-|[a-z0-9-]{2,40})\/roleBindings\/([a-z0-9]{1,40})$/.exec(name) ?? [];
  const description = 'names no role binding: write customers/{customer}/roleBindings/{binding}, as the list has it';
  if (customerId === undefined || bindingId === undefined) refuseViolations([{ field, description }]);
  return { customerId: customerId!, bindingId: bindingId! };
}

/** What is wrong with a member. Addresses are ASCII: lower-casing what looks alike in Unicode could make two people one. */
export function checkMember(field: string, member: string): FieldViolation[] {
  if (/^workload:[a-z0-9-]{1,200}$/.test(member) || /^person:[\x21-\x7e]{1,100}@[\x21-\x7e]{1,100}$/.test(member))
    return [];
  return [{ field, description: 'must be person:{address} or workload:{name}, the name as its certificate has it' }];
}

/** A member as it is stored and compared. */
export function normalizeMember(member: string): string {
  return member.toLowerCase();
}

/** The role of a binding to make; undefined: it names none. */
export function roleOf(binding: RoleBinding | undefined): Role | undefined {
  return (Object.keys(roles) as Role[]).find((role) => RoleBinding_Role[roles[role]] === binding?.role);
}
