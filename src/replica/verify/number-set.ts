/** Numbers of one page: a kilobyte of bits. */
const PAGE = 8192;

/**
 * A set of whole numbers from 0 up, made for those that lie close together, as sequences and the numbers of segments do:
 * one bit for each number up to the highest, 122 KiB for a million. Pages without a number take nothing.
 *
 * @example
 * ```ts
 * const seen = new NumberSet();
 * seen.add(7); // true
 * seen.add(7); // false
 * seen.has(8); // false
 * ```
 */
export class NumberSet {
  readonly #pages = new Map<number, Uint8Array>();

  has(number: number): boolean {
    const bits = this.#pages.get(Math.floor(number / PAGE));
    return ((bits?.[byteOf(number)] ?? 0) & bitOf(number)) !== 0;
  }

  /** Whether it was not there before. */
  add(number: number): boolean {
    if (this.has(number)) return false;
    const page = Math.floor(number / PAGE);
    const bits = this.#pages.get(page) ?? new Uint8Array(PAGE / 8);
    this.#pages.set(page, bits);
    bits[byteOf(number)] = (bits[byteOf(number)] ?? 0) | bitOf(number);
    return true;
  }
}

function byteOf(number: number): number {
  return Math.floor((number % PAGE) / 8);
}

function bitOf(number: number): number {
  return 1 << (number % 8);
}
