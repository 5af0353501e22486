import type { Entry, Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';

/** Rows that every commit of {@link writeCommit} consists of, beside the number of the commit. */
const ROWS = 8;

/** A number as a value. */
export function bytesOf(number: number): Uint8Array {
  return new TextEncoder().encode(String(number));
}

/** The number in an entry, 0 where there is none. */
export function numberOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : Number(new TextDecoder().decode(entry.value));
}

/** Counts a key up by one, guarded by what it was; the new number. */
export function countUp(kv: Kv): Promise<number> {
  return kv.update(
    [['count']],
    ([seen]) => {
      const next = numberOf(seen) + 1;
      return { set: [[['count'], bytesOf(next)]], result: next };
    },
    { durability: 'relaxed' },
  );
}

/** How far the store has been counted. */
export async function readCount(kv: Kv): Promise<number> {
  const [entry] = await kv.read([['count']]);
  return numberOf(entry);
}

/** Writes the next of a stream of commits: its number, its own rows, and an end to the rows of the one before the last. */
export function writeCommit(kv: Kv): Promise<number> {
  return kv.update([['latest']], ([seen]) => {
    const number = numberOf(seen) + 1;
    const rows = Array.from({ length: ROWS }, (_, row) => [['row', number, row], contentOf(number, row)] as const);
    const ended = Array.from({ length: ROWS }, (_, row) => ['row', number - 2, row]);
    return { set: [[['latest'], bytesOf(number)], ...rows], delete: ended, result: number };
  });
}

/**
 * The number of the newest commit that a store holds.
 *
 * @throws Error unless the store is exactly what the stream of commits up to that one has left
 */
export async function checkCommits(kv: Kv): Promise<number> {
  const [latest] = await kv.read([['latest']]);
  const number = numberOf(latest);
  const expected = [number - 1, number]
    .filter((commit) => commit > 0)
    .flatMap((commit) => Array.from({ length: ROWS }, (_, row) => [commit, row] as const));
  const found: string[] = [];
  for await (const { key, value } of list(kv, { prefix: ['row'] })) found.push(describe(key, value));
  const wanted = expected.map(([commit, row]) => describe(['row', commit, row], contentOf(commit, row)));
  if (found.join() !== wanted.join()) {
    throw new Error(`After commit ${number} the store holds ${found.join(' ')} instead of ${wanted.join(' ')}`);
  }
  return number;
}

/** From nothing to some pages of the file, different in every row. */
function contentOf(number: number, row: number): Uint8Array {
  return new Uint8Array(row * 2500).fill(number + row);
}

function describe(key: Entry['key'], value: Uint8Array): string {
  const isUniform = value.every((byte) => byte === value[0]);
  return `${key.join('/')}:${value.length}x${isUniform ? (value[0] ?? '-') : 'mixed'}`;
}
