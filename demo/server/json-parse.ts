import { JsonNumber, type JsonObject, type JsonValue } from './json.ts';

/** A text is not JSON as CouchDB takes it. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/**
 * Parses a JSON text without losing anything.
 *
 * Stricter than `JSON.parse`: lone surrogates and decimals beyond the doubles are refused, as CouchDB refuses them.
 *
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): JsonValue {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * Parses the bytes of a JSON text.
 *
 * @throws JsonSyntaxError also for bytes that are not UTF-8
 */
export function parseJsonBytes(bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch {
    throw new JsonSyntaxError('Bytes that are not UTF-8');
  }
  return parseJson(text);
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Deep enough for any document; CouchDB has no such limit, but a program with a call stack needs one. */
const MAX_DEPTH = 3000;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError('Nested too deeply');
    switch (this.#next()) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth);
      case OPEN_BRACKET:
        return this.#array(depth);
      case LETTER_T:
        return this.#word('true', true);
      case LETTER_F:
        return this.#word('false', false);
      case LETTER_N:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  end(): void {
    if (!Number.isNaN(this.#next())) this.#fail();
  }

  /** The next character that is no blank, which is not consumed. */
  #next(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.#at += 1;
      code = this.#text.charCodeAt(this.#at);
    }
    return code;
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at += 1;
    if (this.#next() === CLOSE_BRACE) {
      this.#at += 1;
      return object;
    }
    for (;;) {
      if (this.#next() !== QUOTE) this.#fail();
      const name = this.#string();
      if (this.#next() !== COLON) this.#fail();
      this.#at += 1;
      object.set(name, this.value(depth + 1));
      const separator = this.#next();
      this.#at += 1;
      if (separator === CLOSE_BRACE) return object;
      if (separator !== COMMA) this.#fail();
    }
  }

  #array(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.#at += 1;
    if (this.#next() === CLOSE_BRACKET) {
      this.#at += 1;
      return array;
    }
    for (;;) {
      array.push(this.value(depth + 1));
      const separator = this.#next();
      this.#at += 1;
      if (separator === CLOSE_BRACKET) return array;
      if (separator !== COMMA) this.#fail();
    }
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && this.#isEscaped(end, start + 1)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) this.#fail();
    this.#at = end + 1;
    const raw = this.#text.slice(start + 1, end);
    if (!SPECIAL.test(raw)) return raw;
    let text: unknown;
    try {
      text = JSON.parse(`"${raw}"`);
    } catch {
      this.#fail();
    }
    if (typeof text !== 'string' || LONE_SURROGATE.test(text)) this.#fail();
    return text;
  }

  #isEscaped(at: number, from: number): boolean {
    let backslash = at;
    while (backslash > from && this.#text.charCodeAt(backslash - 1) === BACKSLASH) backslash -= 1;
    return (at - backslash) % 2 === 1;
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail();
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) this.#fail();
    const [text, fraction] = match;
    this.#at += text.length;
    return new JsonNumber(fraction === '' ? printInteger(text) : this.#decimal(text));
  }

  #decimal(text: string): string {
    const value = Number(text);
    if (!Number.isFinite(value)) this.#fail();
    return printDouble(value);
  }

  #fail(): never {
    throw new JsonSyntaxError(`Not JSON at character ${this.#at}`);
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NUMBER = /-?(?:0|[1-9][0-9]*)((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: raw control characters are not allowed in JSON
const SPECIAL = /[\\\u0000-\u001f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The smallest double with full precision: CouchDB reads anything nearer to zero as zero. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

function printInteger(text: string): string {
  return text === '-0' ? '0' : text;
}

/** The shortest text of a double, as ECMAScript spells it, but always with a fraction or an exponent. */
function printDouble(value: number): string {
  const text = String(Math.abs(value) < SMALLEST_NORMAL ? 0 : value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
