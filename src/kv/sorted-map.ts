/** Keys of one block at the most. Moving this many is cheap, and so is moving the blocks of millions of keys. */
const LARGEST_BLOCK = 512;

/**
 * Values by text, in the order of the texts' UTF-16 units. Finding is that of a map; adding and deleting take logarithmic
 * time and the moving of one block, whatever the order in which keys come.
 */
export class SortedMap<V extends object> {
  readonly #values = new Map<string, V>();
  /** The keys in order, in blocks of which none is empty. */
  readonly #blocks: string[][] = [];

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#insert(key);
    this.#values.set(key, value);
  }

  /** Whether there was such a key. */
  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    const at = this.#blockOf(key);
    const block = this.#blocks[at] ?? [];
    block.splice(firstFrom(block, key), 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
    return true;
  }

  /** The entries from `start` on and before `end`, in order; reversed, from the last one back. */
  *between(start: string, end: string, reverse: boolean): Generator<[key: string, value: V], void, undefined> {
    const step = reverse ? -1 : 1;
    let at = this.#blockOf(reverse ? end : start);
    let block = this.#blocks[at] ?? [];
    let place = reverse ? firstFrom(block, end) - 1 : firstFrom(block, start);
    for (;;) {
      const key = block[place];
      if (key === undefined) {
        at += step;
        const next = this.#blocks[at];
        if (next === undefined) return;
        block = next;
        place = reverse ? block.length - 1 : 0;
        continue;
      }
      if (reverse ? key < start : key >= end) return;
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, value];
      place += step;
    }
  }

  #insert(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    const place = firstFrom(block, key);
    block.splice(place, 0, key);
    if (block.length > LARGEST_BLOCK) {
      // Keys often come in order: what is full then stays full, and the new block takes what follows.
      const kept = place === block.length - 1 ? LARGEST_BLOCK : LARGEST_BLOCK / 2;
      this.#blocks.splice(at + 1, 0, block.splice(kept));
    }
  }

  /** The block in which a key stands or would stand: the last one that begins at it or before it. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#blocks[middle]?.[0];
      if (first !== undefined && first <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The place of the first key that is not before `key`. */
function firstFrom(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = keys[middle];
    if (candidate !== undefined && candidate < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
