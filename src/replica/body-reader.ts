import type { Key, Kv } from '../kv/kv.ts';
import { readMany } from '../kv/read-many.ts';
import { joinBytes } from './join-bytes.ts';
import type { Layout } from './layout.ts';
import type { BodyPlace, DamagedBody, FoundBody } from './storage.ts';

/** No text that an engine can hold is longer, so a place that says so is damaged. */
const LONGEST_BODY = 2 ** 31;

/** A stretch of one record of bodies. */
interface Span {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Finds bodies in segments by their places. */
export class BodyReader {
  readonly #kv: Kv;
  readonly #layout: Layout;
  readonly #partBytes: number;

  /** @param partBytes into how large records segments are cut, as the replica was made */
  constructor(kv: Kv, layout: Layout, partBytes: number) {
    this.#kv = kv;
    this.#layout = layout;
    this.#partBytes = partBytes;
  }

  /** The bodies at some places, in the order asked; a record that holds several is read once. */
  async read(places: readonly BodyPlace[]): Promise<FoundBody[]> {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const found = await this.#read(places);
    return found.map((body) => {
      if (!(body instanceof Uint8Array)) return body;
      try {
        return { text: decoder.decode(body), bytes: body.length };
      } catch {
        return { damage: 'is not UTF-8', isGone: false };
      }
    });
  }

  /** The same as bytes; undefined where one cannot be had. */
  async readBytes(places: readonly BodyPlace[]): Promise<(Uint8Array | undefined)[]> {
    const found = await this.#read(places);
    return found.map((body) => (body instanceof Uint8Array ? body : undefined));
  }

  /** The numbers of the records in which a body is. */
  recordsOf(place: BodyPlace): number[] {
    return isPlace(place) ? spansOf(place, this.#partBytes).map(({ number }) => number) : [];
  }

  async #read(places: readonly BodyPlace[]): Promise<(Uint8Array | DamagedBody)[]> {
    const keys = new Map<number, Key>();
    const wanted = places.map((place) => {
      const spans = isPlace(place) ? spansOf(place, this.#partBytes) : undefined;
      for (const { number } of spans ?? []) keys.set(number, this.#layout.body(number));
      return spans;
    });
    const entries = await readMany(this.#kv, [...keys.values()]);
    const records = new Map([...keys.keys()].map((number, index) => [number, entries[index]?.value]));
    return wanted.map((spans) => {
      if (spans === undefined) return { damage: 'is at a place that cannot be', isGone: false };
      const pieces: Uint8Array[] = [];
      for (const { number, start, end } of spans) {
        const bytes = records.get(number);
        if (bytes === undefined) return { damage: 'is not there', isGone: true };
        if (bytes.length < end) return { damage: 'is cut short', isGone: false };
        pieces.push(bytes.subarray(start, end));
      }
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : joinBytes(pieces);
    });
  }
}

function isPlace(place: BodyPlace): place is readonly [segment: number, offset: number, length: number] {
  const [, , length = LONGEST_BODY] = place;
  return place.length === 3 && place.every((part) => Number.isSafeInteger(part) && part >= 0) && length < LONGEST_BODY;
}

function spansOf([segment, offset, length]: readonly [number, number, number], partBytes: number): Span[] {
  const spans: Span[] = [];
  for (let at = offset; at < offset + length; ) {
    const part = Math.floor(at / partBytes);
    const end = Math.min(offset + length, (part + 1) * partBytes);
    spans.push({ number: segment + part, start: at - part * partBytes, end: end - part * partBytes });
    at = end;
  }
  return spans;
}
