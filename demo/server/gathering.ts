import { byteLength } from './order.ts';

/** Gathers rows into pieces of at most a certain size, but never less than a row. */
export class Gathering {
  /** How many rows were added in all. */
  count = 0;
  readonly #limit: number;
  #text = '';
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a row; gives what was gathered before if the row does not fit in, else nothing. */
  add(row: string): string {
    const size = byteLength(row);
    this.count += 1;
    if (this.#size === 0 || this.#size + size <= this.#limit) {
      this.#text += row;
      this.#size += size;
      return '';
    }
    const full = this.#text;
    this.#text = row;
    this.#size = size;
    return full;
  }

  /** Gives what is gathered, and begins anew. */
  flush(): string {
    const text = this.#text;
    this.#text = '';
    this.#size = 0;
    return text;
  }
}
