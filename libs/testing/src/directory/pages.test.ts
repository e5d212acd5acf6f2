import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pageNumber, takePage } from './pages.ts';

test('the pages of any list hold all of it once, in order', () => {
  const anyList = fc.uniqueArray(fc.string({ minLength: 1 })).map((keys) => keys.toSorted((a, b) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(anyList, fc.integer({ min: 1, max: 7 }), (sorted, size) => {
      const read: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        expect(pageNumber(token)).toBe(++pages);
        const page = takePage(sorted, (key) => key, size, token);
        read.push(...page.items);
        token = page.nextPageToken;
      } while (token !== undefined);
      expect(read).toEqual(sorted);
      expect(pages).toBe(Math.max(1, Math.ceil(sorted.length / size)));
    }),
  );
});
