import { afterEach } from '@jest/globals';

/** What is put into it is stopped after each test, the last first. */
export function stopAfterEach(): { stop(): Promise<void> }[] {
  const started: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one.stop();
  });
  return started;
}
