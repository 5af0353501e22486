/**
 * Erlang's external term format, as far as CouchDB lets it out: revision ids are a digest of such a term, update sequences
 * are such a term in compressed form.
 *
 * @see https://www.erlang.org/doc/apps/erts/erl_ext_dist.html
 *
 * @module
 */

/**
 * A term. Texts and bytes are binaries, whole numbers are integers, arrays are lists; the rest is named.
 *
 * @example
 * ```ts
 * encodeTerm([{ atom: 'false' }, 0, { tuple: [[]] }]);
 * ```
 */
export type Term =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Term[]
  | { readonly atom: string }
  | { readonly float: number }
  | { readonly tuple: readonly Term[] };

const VERSION = 131;
const tags = {
  newFloat: 70,
  smallInteger: 97,
  integer: 98,
  atom: 100,
  smallTuple: 104,
  largeTuple: 105,
  nil: 106,
  string: 107,
  list: 108,
  binary: 109,
  smallBig: 110,
  largeBig: 111,
} as const;

/** The bytes of a term, as `term_to_binary/1` gives them. */
export function encodeTerm(term: Term): Uint8Array {
  const out: number[] = [VERSION];
  encode(term, out);
  return Uint8Array.from(out);
}

/**
 * The term that such bytes stand for; binaries come back as bytes.
 *
 * @throws RangeError when the bytes are no term, or one that {@link Term} does not know
 */
export function decodeTerm(bytes: Uint8Array): Term {
  const reader = new TermReader(bytes);
  if (reader.byte() !== VERSION) throw new RangeError('A term begins with the byte 131');
  const term = reader.term();
  if (!reader.done) throw new RangeError('A term is followed by more bytes');
  return term;
}

function encode(term: Term, out: number[]): void {
  if (typeof term === 'number' || typeof term === 'bigint') encodeInteger(BigInt(term), out);
  else if (typeof term === 'string') encodeBinary(new TextEncoder().encode(term), out);
  else if (term instanceof Uint8Array) encodeBinary(term, out);
  else if ('atom' in term) encodeAtom(term.atom, out);
  else if ('float' in term) encodeFloat(term.float, out);
  else if ('tuple' in term) encodeTuple(term.tuple, out);
  else encodeList(term, out);
}

function encodeInteger(value: bigint, out: number[]): void {
  if (value >= 0n && value < 256n) {
    out.push(tags.smallInteger, Number(value));
    return;
  }
  if (value >= -(2n ** 31n) && value < 2n ** 31n) {
    out.push(tags.integer, ...bigEndian(Number(BigInt.asUintN(32, value)), 4));
    return;
  }
  const digits: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) digits.push(Number(rest & 255n));
  if (digits.length < 256) out.push(tags.smallBig, digits.length);
  else out.push(tags.largeBig, ...bigEndian(digits.length, 4));
  out.push(value < 0n ? 1 : 0);
  for (const digit of digits) out.push(digit);
}

function encodeBinary(bytes: Uint8Array, out: number[]): void {
  out.push(tags.binary, ...bigEndian(bytes.length, 4));
  for (const byte of bytes) out.push(byte);
}

function encodeAtom(name: string, out: number[]): void {
  out.push(tags.atom, ...bigEndian(name.length, 2), ...new TextEncoder().encode(name));
}

function encodeFloat(value: number, out: number[]): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  out.push(tags.newFloat, ...bytes);
}

function encodeTuple(items: readonly Term[], out: number[]): void {
  if (items.length < 256) out.push(tags.smallTuple, items.length);
  else out.push(tags.largeTuple, ...bigEndian(items.length, 4));
  for (const item of items) encode(item, out);
}

/** A list of nothing but bytes is a string to Erlang, with a form of its own. */
function encodeList(items: readonly Term[], out: number[]): void {
  if (items.length > 0 && items.length < 65_536 && items.every(isByte)) {
    out.push(tags.string, ...bigEndian(items.length, 2));
    for (const item of items) out.push(Number(item));
    return;
  }
  if (items.length > 0) out.push(tags.list, ...bigEndian(items.length, 4));
  for (const item of items) encode(item, out);
  out.push(tags.nil);
}

function isByte(term: Term): boolean {
  return (typeof term === 'number' || typeof term === 'bigint') && term >= 0 && term < 256;
}

function bigEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => (value >>> (8 * (size - 1 - index))) & 255);
}

class TermReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#number(1);
  }

  term(): Term {
    const tag = this.byte();
    switch (tag) {
      case tags.smallInteger:
        return this.byte();
      case tags.integer:
        return this.#number(4) | 0;
      case tags.smallBig:
        return this.#big(this.byte());
      case tags.largeBig:
        return this.#big(this.#number(4));
      case tags.newFloat:
        return { float: new DataView(this.#take(8).slice().buffer).getFloat64(0) };
      case tags.atom:
        return { atom: new TextDecoder('latin1').decode(this.#take(this.#number(2))) };
      case tags.binary:
        return this.#take(this.#number(4)).slice();
      case tags.string:
        return [...this.#take(this.#number(2))];
      case tags.nil:
        return [];
      case tags.list:
        return this.#list();
      case tags.smallTuple:
        return { tuple: this.#terms(this.byte()) };
      case tags.largeTuple:
        return { tuple: this.#terms(this.#number(4)) };
      default:
        throw new RangeError(`A term of the kind ${tag} is not known here`);
    }
  }

  #list(): Term[] {
    const items = this.#terms(this.#number(4));
    if (this.byte() !== tags.nil) throw new RangeError('A list that does not end in nil is not known here');
    return items;
  }

  /** Grows as it reads, so that a forged length costs nothing. */
  #terms(count: number): Term[] {
    const items: Term[] = [];
    while (items.length < count) items.push(this.term());
    return items;
  }

  #big(size: number): bigint {
    const negative = this.byte() === 1;
    const value = this.#take(size).reduceRight((sum, digit) => (sum << 8n) | BigInt(digit), 0n);
    return negative ? -value : value;
  }

  #number(size: number): number {
    return this.#take(size).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  #take(size: number): Uint8Array {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError('A term ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
