import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeywordIndex } from '../../../src/scan/find/keyword-index.ts';

const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'c', '.', '[', '\\', '-'), minLength, maxLength });

test('KeywordIndex finds everything of which a keyword is in the text, wherever keywords overlap', () => {
  const keywords = fc.array(text(1, 3), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(keywords, { maxLength: 5 }), text(0, 12), (lists, where) => {
      const index = new KeywordIndex(lists.map((list, i) => [i, list]));
      const isIn = (keyword: string) => where.toLowerCase().includes(keyword.toLowerCase());
      const expected = lists.flatMap((list, i) => (list.some(isIn) ? [i] : []));
      for (const _ of ['first', 'again']) expect([...index.in(where)].sort()).toEqual(expected);
    }),
  );
});
