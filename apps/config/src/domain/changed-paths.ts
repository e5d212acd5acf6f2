import { isDeepStrictEqual } from 'node:util';
import { ProvisioningSetup } from '@autoprov/proto';
import { updatableSetup } from './updatable.ts';
import { camelCase } from './update-mask.ts';

/**
 * What differs between two states of a setup, as paths of an update mask, and `state`; as fine as a mask can be.
 *
 * @param before undefined: there was none
 */
export function changedPaths(before: ProvisioningSetup | undefined, after: ProvisioningSetup): string[] {
  const [was, is] = [before ?? ProvisioningSetup.fromPartial({}), after].map(asStored);
  const paths = [...updatableSetup.fields].flatMap(([head, parts]) => changedIn(head, parts, was!, is!));
  return was!.state === is!.state ? paths : ['state', ...paths];
}

/** With the same absent fields, wherever it comes from. */
function asStored(setup: ProvisioningSetup): ProvisioningSetup {
  return ProvisioningSetup.decode(ProvisioningSetup.encode(setup).finish());
}

function changedIn(head: string, parts: readonly string[], before: object, after: object): string[] {
  const [was, is] = [valueAt(before, head), valueAt(after, head)];
  if (isDeepStrictEqual(was, is)) return [];
  const changed = parts.filter((part) => !isDeepStrictEqual(valueAt(was, part), valueAt(is, part)));
  // A message with one part, one that is there now and says nothing, or one that is gone.
  if (parts.length <= 1 || changed.length === 0 || is === undefined) return [head];
  return changed.map((part) => `${head}.${part}`);
}

function valueAt(message: unknown, name: string): unknown {
  const value = (message as Record<string, unknown> | undefined)?.[camelCase(name)];
  // A field that is not there says the same as one that is empty.
  return value === '' || value === 0 || (Array.isArray(value) && value.length === 0) ? undefined : value;
}
