/** Work that is shared by all who ask for the same while it is under way. */
export type SingleFlight<T> = {
  run(key: string, work: () => Promise<T>): Promise<T>;
};

/** Nothing is under way. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const joined = underWay.get(key);
      if (joined) return joined;
      const running = work().finally(() => underWay.delete(key));
      underWay.set(key, running);
      return running;
    },
  };
}
