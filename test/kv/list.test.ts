import { describe, expect, test } from 'vitest';
import type { Key, Kv } from '../../src/kv/kv.ts';
import { list, listPages } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { alteredKv } from '../contract/altered-kv.ts';

/** A store with `['fruit', 0]` up to `['fruit', 9]`, and neighbours on both sides. */
async function orchard(): Promise<Kv> {
  const kv = memoryKv();
  const keys: Key[] = [['fruit'], ['fruits', 'x'], ...Array.from({ length: 10 }, (_, at) => ['fruit', at])];
  await kv.update([], () => ({ set: keys.map((key) => [key, Uint8Array.of(1)]), result: undefined }));
  return kv;
}

async function numbers(entries: ReturnType<typeof list>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { key } of entries) found.push(key[1]);
  return found;
}

const fruit = { prefix: ['fruit'] };

describe('list', () => {
  test.each([undefined, 1, 3, 10, 11])('gives everything in order, in pages of %j', async (pageSize) => {
    const kv = await orchard();
    const size = pageSize === undefined ? {} : { pageSize };
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(await numbers(list(kv, fruit, size))).toEqual(all);
    expect(await numbers(list(kv, fruit, { reverse: true, ...size }))).toEqual(all.reverse());
  });

  test('keeps to the bounds of the range, in both directions', async () => {
    const kv = await orchard();
    const range = { ...fruit, from: ['fruit', 2], to: ['fruit', 6] };
    expect(await numbers(list(kv, range, { pageSize: 2 }))).toEqual([2, 3, 4, 5]);
    expect(await numbers(list(kv, range, { pageSize: 2, reverse: true }))).toEqual([5, 4, 3, 2]);
  });

  test('asks for a page only when somebody wants it', async () => {
    const kv = await orchard();
    let pages = 0;
    const counting = alteredKv(kv, {
      page(range, options) {
        pages += 1;
        return kv.page(range, options);
      },
    });
    for await (const { key } of list(counting, fruit, { pageSize: 3 })) if (key[1] === 3) break;
    expect(pages).toBe(2);
  });
});

describe('listPages', () => {
  test('gives pages of the size that was asked for', async () => {
    const sizes: number[] = [];
    for await (const page of listPages(await orchard(), fruit, { pageSize: 4 })) sizes.push(page.length);
    expect(sizes).toEqual([4, 4, 2]);
  });
});
