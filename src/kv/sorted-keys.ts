import { compareBytes } from './key.ts';

/**
 * Keys in order, cheap to add in any order: new ones are kept apart and merged in when somebody asks for a range.
 */
export class SortedKeys {
  #sorted: Uint8Array[] = [];
  readonly #added = new Map<string, Uint8Array>();
  readonly #deleted = new Set<string>();

  /** @param name tells the key from every other */
  add(key: Uint8Array, name: string): void {
    if (!this.#deleted.delete(name)) this.#added.set(name, key);
  }

  delete(_key: Uint8Array, name: string): void {
    if (!this.#added.delete(name)) this.#deleted.add(name);
  }

  /** Up to `limit` keys from `start` on, before `end`; with `reverse` the last ones, the last first. */
  between(start: Uint8Array, end: Uint8Array, limit: number, reverse: boolean): Uint8Array[] {
    this.#merge();
    const first = this.#search(start);
    const last = this.#search(end);
    if (reverse) return this.#sorted.slice(Math.max(first, last - limit), Math.max(first, last)).reverse();
    return this.#sorted.slice(first, Math.min(last, first + limit));
  }

  #merge(): void {
    if (this.#added.size === 0 && this.#deleted.size === 0) return;
    const added = [...this.#added.values()].sort(compareBytes);
    const old = this.#deleted.size === 0 ? this.#sorted : this.#sorted.filter((key) => !this.#deleted.has(String.fromCharCode(...key)));
    this.#added.clear();
    this.#deleted.clear();
    const merged: Uint8Array[] = [];
    let at = 0;
    for (const key of old) {
      for (let next = added[at]; next !== undefined && compareBytes(next, key) < 0; next = added[at]) {
        merged.push(next);
        at += 1;
      }
      merged.push(key);
    }
    for (; at < added.length; at += 1) merged.push(added[at] as Uint8Array);
    this.#sorted = merged;
  }

  /** The place of the first key that is not before `key`. */
  #search(key: Uint8Array): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#sorted[middle] as Uint8Array, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
