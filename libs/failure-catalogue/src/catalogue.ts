import { configurationFailures } from './configuration.ts';
import type { Actor, CatalogueEntry } from './entry.ts';
import { resourceFailures } from './resource.ts';
import { runtimeFailures } from './runtime.ts';

/** Every failure of the published error model. */
export const catalogue: readonly CatalogueEntry[] = [...configurationFailures, ...runtimeFailures, ...resourceFailures];

const byId = new Map(catalogue.map((entry) => [entry.id, entry]));

/** The entry of a code such as 17003, or of a configuration reason such as STALE_SETUP_EXISTS; undefined for others. */
export function findEntry(idOrCode: string): CatalogueEntry | undefined {
  return byId.get(idOrCode);
}

/** As findEntry, for ids that this repository itself wrote down. Throws for an unknown one: that is a bug. */
export function entryOf(idOrCode: string): CatalogueEntry {
  const entry = findEntry(idOrCode);
  if (entry === undefined) throw new Error(`"${idOrCode}" is not in the failure catalogue: add an entry for it`);
  return entry;
}

/**
 * The steps for one failure: those of its finer reason, if it has its own, before those of its code.
 *
 * @param reason the finer reason, such as LICENSE_LIMIT
 */
export function resolutionOf(entry: CatalogueEntry, reason?: string): readonly string[] {
  const finer = entry.reasons?.find((it) => it.reason === reason);
  return finer === undefined ? entry.resolution : finer.resolution;
}

/** Who has to act on one failure: as its finer reason says, if it has its own, or else its code. */
export function actorOf(entry: CatalogueEntry, reason?: string): Actor {
  return entry.reasons?.find((it) => it.reason === reason)?.actor ?? entry.actor;
}

/** A text with its placeholders filled in; those without a value stay as they are, in braces. */
export function fillIn(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}
