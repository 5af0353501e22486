import type { Key, Kv } from '../kv/kv.ts';
import type { Layout } from './layout.ts';
import { readMany } from './read-many.ts';
import type { BodyPlace, FoundBody } from './storage.ts';

/** No text that an engine can hold is longer, so a place that says so is damaged. */
const LONGEST_BODY = 2 ** 31;

/** A stretch of one part of a segment. */
interface Span {
  readonly segment: number;
  readonly part: number;
  readonly start: number;
  readonly end: number;
}

/** Finds bodies in segments by their places. */
export class BodyReader {
  readonly #kv: Kv;
  readonly #layout: Layout;
  readonly #partBytes: number;

  /** @param partBytes into how large parts segments are cut, as the replica was made */
  constructor(kv: Kv, layout: Layout, partBytes: number) {
    this.#kv = kv;
    this.#layout = layout;
    this.#partBytes = partBytes;
  }

  /** The bodies at some places, in the order asked; a part that holds several is read once. */
  async read(places: readonly BodyPlace[]): Promise<FoundBody[]> {
    const keys = new Map<string, Key>();
    const wanted = places.map((place) => {
      const spans = isPlace(place) ? spansOf(place, this.#partBytes) : undefined;
      for (const { segment, part } of spans ?? []) keys.set(`${segment}/${part}`, this.#layout.body(segment, part));
      return spans;
    });
    const entries = await readMany(this.#kv, [...keys.values()]);
    const parts = new Map([...keys.keys()].map((name, index) => [name, entries[index]?.value]));
    let decoder = newDecoder();
    return wanted.map((spans) => {
      if (spans === undefined) return { damage: 'is at a place that cannot be' };
      let text = '';
      let length = 0;
      try {
        for (const { segment, part, start, end } of spans) {
          const bytes = parts.get(`${segment}/${part}`);
          if (bytes === undefined || bytes.length < end) {
            decoder = newDecoder();
            return { damage: bytes === undefined ? 'is not there' : 'is cut short' };
          }
          length += end - start;
          text += decoder.decode(bytes.subarray(start, end), { stream: true });
        }
        return { text: text + decoder.decode(), bytes: length };
      } catch {
        decoder = newDecoder();
        return { damage: 'is not UTF-8' };
      }
    });
  }
}

function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
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
    spans.push({ segment, part, start: at - part * partBytes, end: end - part * partBytes });
    at = end;
  }
  return spans;
}
