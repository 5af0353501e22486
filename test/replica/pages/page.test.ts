import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../../src/kv/key.ts';
import { encodePage, entryBytes, Page, type PageEntry } from '../../../src/replica/pages/page.ts';
import { idBytes, idSets } from './ids.ts';

const entries = fc
  .tuple(idSets(30), fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 30, maxLength: 30 }))
  .map(([ids, heads]): PageEntry[] =>
    ids.map((id, index) => ({ id, seq: 1 + index * 2 ** 40, head: heads[index] ?? new Uint8Array() })),
  );

describe('A page', () => {
  test('gives back each entry, by its place and by its id, and no other', () => {
    fc.assert(
      fc.property(entries, idBytes, (entries, stranger) => {
        const page = new Page(encodePage(entries));
        expect(page.count).toBe(entries.length);
        for (const [index, entry] of entries.entries()) {
          expect(page.entryAt(index)).toEqual(entry);
          expect(page.find(entry.id)).toEqual(entry);
          expect(page.indexFrom(entry.id)).toBe(index);
        }
        expect(page.indexFrom(stranger)).toBe(entries.filter(({ id }) => compareBytes(id, stranger) < 0).length);
        const known = entries.find(({ id }) => compareBytes(id, stranger) === 0);
        expect(page.find(stranger)).toEqual(known);
      }),
    );
  });

  test('is as long as its entries say', () => {
    fc.assert(
      fc.property(entries, (entries) => {
        const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 4);
        expect(encodePage(entries)).toHaveLength(bytes);
      }),
    );
  });

  test('that lies within other bytes is read where it lies', () => {
    const [id, head] = [Uint8Array.of(1), Uint8Array.of(2)];
    const bytes = encodePage([{ id, seq: 3, head }]);
    const around = new Uint8Array(bytes.length + 10).fill(0xff);
    around.set(bytes, 5);
    expect(new Page(around.subarray(5, -5)).find(id)).toEqual({ id, seq: 3, head });
  });

  test('that is damaged is found out, or gives entries still', () => {
    const corrupt = expect.objectContaining({ name: 'StoreError', failure: 'corrupt' });
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entries, at, bits) => {
        const bytes = encodePage(entries);
        expect(() => new Page(bytes.subarray(0, -1))).toThrow(corrupt);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
        try {
          const page = new Page(bytes);
          for (let index = 0; index < page.count; index += 1) page.entryAt(index);
        } catch (error) {
          expect(error).toEqual(corrupt);
        }
      }),
    );
  });
});
