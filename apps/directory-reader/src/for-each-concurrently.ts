/**
 * Runs `work` for each item, `concurrency` at a time. After the first failure no more are begun; once those under way
 * have ended, it is thrown.
 */
export async function forEachConcurrently<Item>(
  items: Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items].reverse();
  let failure: { err: unknown } | undefined;
  const workers = Array.from({ length: concurrency }, async () => {
    while (!failure && queue.length > 0) await work(queue.pop()!).catch((err: unknown) => (failure ??= { err }));
  });
  await Promise.all(workers);
  if (failure) throw (failure as { err: unknown }).err;
}
