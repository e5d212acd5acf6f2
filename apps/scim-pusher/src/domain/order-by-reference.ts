/**
 * Puts people into levels so that whoever is referred to comes in an earlier level than those who refer: most accounts
 * then need one write only. Where people refer to each other in a circle, one of them comes too early and is set later.
 *
 * @param refersTo for each person whom the person refers to; people who are no key of it are left out
 */
export function orderByReference(refersTo: ReadonlyMap<string, readonly string[]>): string[][] {
  const levelOf = new Map<string, number>();
  const onTheWay = new Set<string>();
  const visit = (id: string): number => {
    const known = levelOf.get(id);
    if (known !== undefined || onTheWay.has(id)) return known ?? -1;
    onTheWay.add(id);
    const above = (refersTo.get(id) ?? []).filter((other) => refersTo.has(other)).map(visit);
    onTheWay.delete(id);
    const level = Math.max(-1, ...above) + 1;
    levelOf.set(id, level);
    return level;
  };
  const levels: string[][] = [];
  for (const id of refersTo.keys()) (levels[visit(id)] ??= []).push(id);
  return levels;
}
