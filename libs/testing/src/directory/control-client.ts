import { exchangeJson } from '../service-providers/exchange-json.ts';
import type { DirectoryCommand, DirectoryResult } from './commands.ts';

/**
 * Runs a command in an example directory of another process.
 *
 * @param directory its `controlUrl`, and the authority of its certificate if it is on https
 * @throws what the directory says, when it refuses
 */
export async function commandDirectory<Command extends DirectoryCommand>(
  { controlUrl, ca }: { controlUrl: string; ca?: string },
  command: Command,
): Promise<DirectoryResult<Command>> {
  const { status, body } = await exchangeJson(controlUrl, { method: 'POST', body: command, ca });
  const answer = body as { result: DirectoryResult<Command>; error?: string };
  if (status !== 200) throw new Error(answer.error);
  return answer.result;
}
