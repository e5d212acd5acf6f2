import type { Command } from 'commander';
import { ProvisionUsersResponse, toCanonicalJson } from '@autoprov/proto';
import type { Io } from '../io.ts';
import { CommandError } from '../io.ts';
import { chooseApp, toUserName } from '../names.ts';
import { withServices } from '../network.ts';
import { lastPart, printable } from '../output.ts';
import { addAppOptions, type AppOptions } from './app-options.ts';
import { formatTimeline } from './timeline.ts';

const timeoutMs = 300_000;

export function addProvision(program: Command, io: Io): void {
  addAppOptions(program.command('provision'), 'JSON Lines: one object a person, as soon as it is known')
    .argument('<user...>', 'primary addresses, or ids in the directory; 1,000 at most')
    .description('read some people from Google and push them to an app now, before all others')
    .action((people: string[], options: AppOptions) =>
      withServices(io, async (services) => {
        const app = await chooseApp(services, options.app, options.customer);
        const users = people.map((person) => toUserName(person, app));
        let undone = 0;
        for await (const answer of services.push.provisionUsers({ app, users }, { timeoutMs })) {
          if (!answer.done) undone++;
          io.out(
            options.json
              ? JSON.stringify(
                  toCanonicalJson('autoprov.push.v1.ProvisionUsersResponse', ProvisionUsersResponse, answer),
                )
              : formatProvisioned(answer),
          );
        }
        if (undone > 0) throw new CommandError(`${undone} of ${people.length} are not done: see why above`);
      }),
    );
}

/** Who, how they stand, and the steps that led there. */
export function formatProvisioned({ user, done, explanation, steps }: ProvisionUsersResponse): string {
  const head = `${printable(lastPart(user))}: ${done ? 'done' : 'not done'}, ${printable(explanation)}`;
  return steps.length > 0 ? `${head}\n${formatTimeline(steps)}` : head;
}
