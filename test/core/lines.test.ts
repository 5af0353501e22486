import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lines } from '../../src/core/lines.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function readLines(bytes: Uint8Array, size: number, options?: { longest: number }): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of lines(chunksOf(bytes, size), options)) all.push(...batch);
  return all;
}

describe('lines', () => {
  test('gives the same lines whatever the chunks, also inside of characters and line ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        async (texts, end, size) => {
          const written = texts.map((text) => text.replaceAll(/[\r\n]/g, ''));
          const bytes = new TextEncoder().encode(written.map((line) => line + end).join(''));
          expect(await readLines(bytes, size)).toEqual(written);
        },
      ),
    );
  });

  test('gives a last line that has no end, and empty lines', async () => {
    expect(await readLines(new TextEncoder().encode('a\n\nb'), 2)).toEqual(['a', '', 'b']);
  });

  test('leaves out a byte order mark at the very beginning, and keeps every other', async () => {
    expect(await readLines(new TextEncoder().encode('\ufeffa\n\ufeffb\ufeff\n'), 1)).toEqual(['a', '\ufeffb\ufeff']);
  });

  test('refuses bytes that are not UTF-8, wherever they are cut', async () => {
    await expect(readLines(Uint8Array.of(0x61, 0xff, 0x0a), 1)).rejects.toThrow('not UTF-8');
    await expect(readLines(Uint8Array.of(0x61, 0xc3), 1)).rejects.toThrow('not UTF-8');
  });

  test('refuses a line beyond the bound', async () => {
    await expect(readLines(new TextEncoder().encode('x'.repeat(50)), 7, { longest: 40 })).rejects.toThrow(
      'longer than 40',
    );
  });
});
