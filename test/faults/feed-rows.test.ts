import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { shuffleRows } from './feed-rows.ts';
import { cutIntoPieces } from './spoiled-bytes.ts';

const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);

interface Row {
  readonly seq: string | null;
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
}

/** Rows of which every third has a sequence, and some documents more than one. */
const ROWS: readonly Row[] = Array.from({ length: 30 }, (_, index) => ({
  seq: index % 3 === 2 ? `${index}-x` : null,
  id: `doc-${index % 13}`,
  changes: [{ rev: `${index}-a` }],
}));

const TEXTS = ROWS.map((row) => JSON.stringify(row));
const LIST = `{"results":[\n${TEXTS.join(',\r\n')}\n],\n"last_seq":"30-x","pending":0}\n`;
const LINES = `\n${TEXTS.join('\n')}\n{"last_seq":"30-x","pending":0}\n`;

async function shuffle(form: 'list' | 'lines', seed: number): Promise<string> {
  const chance = new Chance(seed);
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(form === 'list' ? LIST : LINES);
  }
  const pieces: Uint8Array[] = [];
  const told = new Map([['before', '{"seq":"0-x","id":"before","changes":[{"rev":"1-a"}]}']]);
  for await (const piece of shuffleRows(cutIntoPieces(whole(), chance), { form, chance, told })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** What holds for rows that a client can do with, however they were shuffled. */
function expectHarmless(rows: readonly Row[]): void {
  const first = (row: Row): number => rows.findIndex(({ changes }) => changes[0]?.rev === row.changes[0]?.rev);
  for (const [index, row] of ROWS.entries()) {
    expect(first(row)).toBeGreaterThanOrEqual(0);
    if (row.seq !== null) for (const earlier of ROWS.slice(0, index)) expect(first(earlier)).toBeLessThan(first(row));
  }
  for (const id of new Set(ROWS.map((row) => row.id))) {
    const isOf = (row: Row): boolean => row.id === id;
    expect(rows.filter(isOf).at(-1)).toEqual(ROWS.filter(isOf).at(-1));
  }
}

test.each(['list', 'lines'] as const)(
  'rows of a %s are told twice and change places, and none is lost',
  async (form) => {
    const orders = new Set<string>();
    let repeated = 0;
    for (const seed of SEEDS) {
      const text = await shuffle(form, seed);
      const lines = text.split('\n').filter((line) => line !== '');
      const rows: Row[] =
        form === 'list' ? JSON.parse(text).results : lines.slice(0, -1).map((line): Row => JSON.parse(line));
      expectHarmless(rows);
      const before = rows.filter(({ id }) => id === 'before');
      for (const { seq } of before) expect(seq).toBeNull();
      repeated += before.length;
      expect(text.endsWith('"last_seq":"30-x","pending":0}\n')).toBe(true);
      orders.add(rows.map(({ changes }) => changes[0]?.rev).join(' '));
    }
    expect(orders.size).toBe(SEEDS.length);
    expect([...orders].some((order) => order.startsWith('1-a'))).toBe(true);
    expect(repeated).toBeGreaterThan(0);
  },
);
