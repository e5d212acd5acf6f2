import { Argument, type Command } from 'commander';
import { RoleBinding, RoleBinding_Role, roleBinding_RoleToJSON, toCanonicalJson } from '@autoprov/proto';
import { callTimeoutMs, collectPages } from '../calls.ts';
import { CommandError, UsageError, type Io } from '../io.ts';
import { toCustomerName } from '../names.ts';
import { withServices, type Services } from '../network.ts';
import { formatAge, formatJson, formatTable, formatWord } from '../output.ts';

const roles = {
  viewer: RoleBinding_Role.ROLE_VIEWER,
  operator: RoleBinding_Role.ROLE_OPERATOR,
  approver: RoleBinding_Role.ROLE_APPROVER,
};
type Role = keyof typeof roles;
type Where = { customer?: string; all?: boolean; json?: boolean };

const ALL_CUSTOMERS = 'customers/-';
const call = { timeoutMs: callTimeoutMs };

export function addRoles(program: Command, io: Io): void {
  const group = program.command('roles').description('who may do what, for whom');
  group
    .command('list')
    .description('list the roles that people and workloads have')
    .option('--customer <customer>', 'only those for this customer')
    .option('--member <member>', 'only those of this member')
    .option('--json', 'one JSON array')
    .action(({ customer, member = '', json }: Where & { member?: string }) =>
      withServices(io, async (services) => {
        const parent = customer === undefined ? ALL_CUSTOMERS : toCustomerName(customer);
        const bindings = await listBindings(services, parent, member);
        io.out(json ? toJson(bindings) : formatBindings(bindings, new Date()));
      }),
    );
  addChange(group, io, { name: 'grant', done: 'granted', description: 'give a role' }, grant);
  const description = 'take a role away; in effect on every service within 10 seconds';
  addChange(group, io, { name: 'revoke', done: 'revoked', description }, revoke);
}

type Change = (services: Services, member: string, role: Role, parent: string) => Promise<RoleBinding>;

type Words = { name: string; done: string; description: string };

function addChange(group: Command, io: Io, { name, done, description }: Words, change: Change): void {
  group
    .command(name)
    .description(description)
    .argument('<member>', 'person:ann@acme.example, or workload:hr-portal, the name as its certificate has it')
    .addArgument(new Argument('<role>', 'each includes those before it').choices(Object.keys(roles)))
    .option('--customer <customer>', 'for this customer')
    .option('--all', 'for all customers, and for the installation itself')
    .option('--json', 'one JSON object')
    .action((member: string, role: Role, where: Where) =>
      withServices(io, async (services) => {
        const binding = await change(services, member, role, parentOf(where));
        io.out(where.json ? formatJson(canonical(binding)) : `${done}: ${binding.name}`);
      }),
    );
}

function parentOf({ customer, all }: Where): string {
  if ((customer === undefined) === (all === undefined)) {
    throw new UsageError('say for whom: --customer with the id of one, or --all');
  }
  return customer === undefined ? ALL_CUSTOMERS : toCustomerName(customer);
}

async function grant({ config }: Services, member: string, role: Role, parent: string): Promise<RoleBinding> {
  const roleBinding = RoleBinding.fromPartial({ member, role: roles[role] });
  const answer = await config.createRoleBinding({ parent, roleBinding, validateOnly: false, requestId: '' }, call);
  return answer.roleBinding!;
}

async function revoke(services: Services, member: string, role: Role, parent: string): Promise<RoleBinding> {
  const bindings = await listBindings(services, parent, member);
  const found = bindings.find(({ name, role: has }) => name.startsWith(`${parent}/`) && has === roles[role]);
  if (!found) throw new CommandError(`${member} does not have the role ${role} there: see "autoprov roles list"`);
  await services.config.deleteRoleBinding({ name: found.name, validateOnly: false }, call);
  return found;
}

function listBindings({ config }: Services, parent: string, member: string): Promise<RoleBinding[]> {
  return collectPages(async (pageToken) => {
    const page = await config.listRoleBindings({ parent, member, pageSize: 1000, pageToken }, call);
    return { items: page.roleBindings, nextPageToken: page.nextPageToken };
  });
}

/** One row a binding, or a sentence. */
export function formatBindings(bindings: RoleBinding[], now: Date): string {
  if (bindings.length === 0)
    return 'no roles are given: only the command line, with its own certificate, may do things';
  return formatTable(
    ['member', 'role', 'for', 'given'],
    bindings.map(({ name, member, role, createTime }) => {
      const customer = name.split('/')[1]!;
      return [
        member,
        formatWord(roleBinding_RoleToJSON(role), 'ROLE_'),
        customer === '-' ? 'all customers' : customer,
        formatAge(createTime, now),
      ];
    }),
  );
}

function canonical(binding: RoleBinding) {
  return toCanonicalJson('autoprov.config.v1.RoleBinding', RoleBinding, binding);
}

function toJson(bindings: RoleBinding[]): string {
  return formatJson(bindings.map(canonical));
}
