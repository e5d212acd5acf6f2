import { readFileSync, writeFileSync } from 'node:fs';
import { freePort, isPortFree } from '../infra/free-port.ts';

/**
 * A free port for each name; those that `file` has from an earlier run are taken again if they are free still, so that
 * addresses last as long as data does.
 */
export async function choosePorts<Name extends string>(
  names: readonly Name[],
  file: string,
): Promise<Record<Name, number>> {
  const earlier = readPorts(file);
  const ports = new Map<Name, number>();
  for (const name of names) {
    let port = earlier[name] ?? (await freePort());
    while ([...ports.values()].includes(port) || !(await isPortFree(port))) port = await freePort();
    ports.set(name, port);
  }
  const chosen = Object.fromEntries(ports) as Record<Name, number>;
  writeFileSync(file, JSON.stringify(chosen, null, 2));
  return chosen;
}

function readPorts(file: string): Partial<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {}; // none yet
  }
}
