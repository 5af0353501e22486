import type { Entry, Key, KeyRange, Kv, Page } from '../../../src/kv/kv.ts';
import { ok } from '../assert.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text as a value. */
export function value(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What a value says, `undefined` where there is none. */
export function says(entry: Entry | undefined): string | undefined {
  return entry && decoder.decode(entry.value);
}

/** Sets keys, all in one update, each to its own JSON text unless told otherwise. */
export async function set(kv: Kv, keys: readonly Key[], to?: string): Promise<void> {
  await kv.update([], () => ({ set: keys.map((key) => [key, value(to ?? JSON.stringify(key))]), result: undefined }));
}

/** Deletes keys, all in one update. */
export async function remove(kv: Kv, keys: readonly Key[]): Promise<void> {
  await kv.update([], () => ({ delete: keys, result: undefined }));
}

/** The entry of one key. */
export async function get(kv: Kv, key: Key): Promise<Entry | undefined> {
  const [entry] = await kv.read([key]);
  return entry;
}

/** The number that a key counts, 0 where there is none. */
export function count(entry: Entry | undefined): number {
  return Number(says(entry) ?? 0);
}

/** Counts a key up, guarded, and gives the new number. */
export async function increment(kv: Kv, key: Key): Promise<number> {
  return kv.update([key], ([seen]) => {
    const next = count(seen) + 1;
    return { set: [[key, value(String(next))]], result: next };
  });
}

/** The pages of a range, one after the other; between two of them something may be done. */
export async function pages(
  kv: Kv,
  range: KeyRange,
  { between, ...options }: { limit?: number; reverse?: boolean; between?: (page: Page) => Promise<void> } = {},
): Promise<Page[]> {
  const found: Page[] = [];
  for (let rest: KeyRange | undefined = range; rest !== undefined; ) {
    const page = await kv.page(rest, options);
    found.push(page);
    ok(found.length <= 10_000, `The listing of ${JSON.stringify(range)} does not end`);
    rest = page.next && { ...range, ...(options.reverse ? { to: page.next } : { from: page.next }) };
    if (rest !== undefined) await between?.(page);
  }
  return found;
}

/** The entries of a range. */
export async function entries(kv: Kv, range: KeyRange = { prefix: [] }): Promise<Entry[]> {
  return (await pages(kv, range)).flatMap((page) => page.entries);
}

/** The keys of a range. */
export async function keys(
  kv: Kv,
  range: KeyRange = { prefix: [] },
  options: { limit?: number; reverse?: boolean } = {},
): Promise<Key[]> {
  return (await pages(kv, range, options)).flatMap((page) => page.entries.map(({ key }) => key));
}

/** Lets everything else have its turn: whoever looks again and again would otherwise keep others from writing. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
