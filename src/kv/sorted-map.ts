import { compareBytes } from './key.ts';

/** Rows of one block at the most. Moving this many is cheap, and so is moving the blocks of millions of rows. */
const LARGEST_BLOCK = 512;

type Row<V> = readonly [key: Uint8Array, value: V];

/**
 * Values by packed key, in the order of the keys: a list of small sorted blocks, none of them empty. Everything takes
 * logarithmic time and the moving of one block, whatever the order of insertion.
 */
export class SortedMap<V> {
  readonly #blocks: Row<V>[][] = [];

  get(key: Uint8Array): V | undefined {
    const block = this.#blocks[this.#blockOf(key)];
    const found = block?.[firstFrom(block, key)];
    return found !== undefined && compareBytes(found[0], key) === 0 ? found[1] : undefined;
  }

  set(key: Uint8Array, value: V): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([[key, value]]);
      return;
    }
    const place = firstFrom(block, key);
    const present = block[place];
    const replaced = present !== undefined && compareBytes(present[0], key) === 0 ? 1 : 0;
    block.splice(place, replaced, [key, value]);
    if (block.length > LARGEST_BLOCK) {
      // Keys often come in order: what is full then stays full, and the new block takes what follows.
      const kept = place === block.length - 1 ? LARGEST_BLOCK : LARGEST_BLOCK / 2;
      this.#blocks.splice(at + 1, 0, block.splice(kept));
    }
  }

  delete(key: Uint8Array): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const place = firstFrom(block, key);
    const present = block[place];
    if (present === undefined || compareBytes(present[0], key) !== 0) return;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The rows from `start` on and before `end`, in order; reversed, from the last one back. */
  *between(start: Uint8Array, end: Uint8Array, reverse: boolean): Generator<Row<V>, void, undefined> {
    const step = reverse ? -1 : 1;
    let at = this.#blockOf(reverse ? end : start);
    let block = this.#blocks[at] ?? [];
    let place = reverse ? firstFrom(block, end) - 1 : firstFrom(block, start);
    for (;;) {
      const row = block[place];
      if (row !== undefined) {
        if (reverse ? compareBytes(row[0], start) < 0 : compareBytes(row[0], end) >= 0) return;
        yield row;
        place += step;
      } else {
        at += step;
        const next = this.#blocks[at];
        if (next === undefined) return;
        block = next;
        place = reverse ? block.length - 1 : 0;
      }
    }
  }

  /** The block in which a key stands or would stand: the last one that begins at it or before it. */
  #blockOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#blocks[middle]?.[0];
      if (first !== undefined && compareBytes(first[0], key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The place of the first row whose key is not before `key`. */
function firstFrom<V>(rows: readonly Row<V>[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && compareBytes(row[0], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
