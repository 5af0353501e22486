import { ProtocolError } from './errors.ts';
import { isBlank, isEscaped, objectMembers, skipBlank } from './json-text.ts';
import { parseObject } from './json-value.ts';

/** How long one row may be, in UTF-16 units, unless told otherwise: a document of CouchDB's own largest size fits many times. */
const LONGEST_ROW = 128 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Reads an answer of the form `{"results":[row,row,…],"last_seq":…}` while it arrives: the texts of its rows as soon as
 * each is complete, and the members beside the array at the end. Line breaks mean nothing, members may come in any
 * order, and time is linear in the text, whatever its pieces.
 *
 * @example
 * ```ts
 * const reader = new JsonRows('results');
 * reader.push('{"results":[\n{"id":"a"},'); // ['{"id":"a"}']
 * reader.push('\n],"last_seq":7}'); // []
 * reader.end(); // Map { 'last_seq' => '7' }
 * ```
 */
export class JsonRows {
  readonly #member: string;
  readonly #longest: number;
  readonly #others = new Map<string, string>();
  /** Open brackets around the position; the rows stand at depth 2, the members beside them at depth 1. */
  #depth = 0;
  #inRows = false;
  #sawRows = false;
  #inString = false;
  /** The last piece ended inside a string, after an odd number of backslashes. */
  #escaped = false;
  /** The pieces of the row or member that has begun and not ended. */
  #pieces: string[] = [];
  #length = 0;
  #ended = false;

  constructor(member: string, { longest = LONGEST_ROW }: { longest?: number } = {}) {
    this.#member = member;
    this.#longest = longest;
  }

  /**
   * The texts of the rows that this piece of the answer completes.
   *
   * @throws ProtocolError when the answer is no JSON object, or a row is too long
   */
  push(text: string): string[] {
    const rows: string[] = [];
    let begin = 0;
    let at = 0;
    while (at < text.length) {
      if (this.#inString) {
        at = this.#skipInString(text, at);
        continue;
      }
      const code = text.charCodeAt(at);
      if (code === QUOTE) this.#inString = true;
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        if (this.#open(text, begin, at, code)) begin = at + 1;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        if (this.#close(text, begin, at, code, rows)) begin = at + 1;
      } else if (code === COMMA && this.#depth === this.#level) {
        this.#finish(text, begin, at, rows);
        begin = at + 1;
      } else if (this.#depth === 0 && !isBlank(code)) throw this.#notJson(text, at);
      at += 1;
    }
    if (begin < text.length) this.#keep(text.slice(begin));
    return rows;
  }

  /**
   * The members beside the rows, each with its value as JSON text, after the last piece.
   *
   * @throws ProtocolError when the answer broke off, or never had the array of rows
   */
  end(): ReadonlyMap<string, string> {
    if (!this.#ended) throw new ProtocolError('The answer broke off before its end', true);
    if (!this.#sawRows) throw new ProtocolError(`The answer has no list "${this.#member}"`, true);
    return this.#others;
  }

  /** Whether the answer is complete. */
  get complete(): boolean {
    return this.#ended;
  }

  /** The depth at which a comma separates what is read. */
  get #level(): number {
    return this.#inRows ? 2 : 1;
  }

  /** True when what comes after the bracket begins something new. */
  #open(text: string, begin: number, at: number, code: number): boolean {
    if (this.#depth === 0) {
      if (this.#ended || code !== OPEN_BRACE) throw this.#notJson(text, at);
      this.#depth = 1;
      return true;
    }
    this.#depth += 1;
    if (this.#depth !== 2 || this.#inRows || this.#sawRows || code !== OPEN_BRACKET) return false;
    const name = [...this.#pieces, text.slice(begin, at)].join('').replace(/\s*:\s*$/, '');
    if (name.trim() !== `"${this.#member}"`) return false;
    this.#pieces = [];
    this.#length = 0;
    this.#inRows = true;
    this.#sawRows = true;
    return true;
  }

  /** True when the bracket ends the object or the list of rows, or the answer. */
  #close(text: string, begin: number, at: number, code: number, rows: string[]): boolean {
    if (this.#depth === 0) throw this.#notJson(text, at);
    if (this.#depth > this.#level) {
      this.#depth -= 1;
      return false;
    }
    if (code !== (this.#inRows ? CLOSE_BRACKET : CLOSE_BRACE)) throw this.#notJson(text, at);
    this.#finish(text, begin, at, rows);
    this.#depth -= 1;
    if (this.#inRows) this.#inRows = false;
    else this.#ended = true;
    return true;
  }

  #finish(text: string, begin: number, at: number, rows: string[]): void {
    this.#keep(text.slice(begin, at));
    const value = (this.#pieces.length === 1 ? (this.#pieces[0] ?? '') : this.#pieces.join('')).trim();
    this.#pieces = [];
    this.#length = 0;
    if (value === '') return;
    if (this.#inRows) rows.push(value);
    else this.#keepMember(value);
  }

  #keep(piece: string): void {
    // Signs of life, which may be all that comes for hours: one white space means the same as many.
    if (!this.#inString && isBlankText(piece) && isBlankText(this.#pieces.at(-1) ?? '')) return;
    this.#length += piece.length;
    if (this.#length > this.#longest) {
      throw new ProtocolError(`A row of the answer is longer than ${this.#longest} characters`, false);
    }
    if (piece !== '') this.#pieces.push(piece);
  }

  #keepMember(member: string): void {
    const object = `{${member}}`;
    parseObject(object, 'The answer');
    for (const { name, start, end } of objectMembers(object, 0)) this.#others.set(name, object.slice(start, end));
  }

  /** The position after the string, or the end of the piece when the string goes on in the next one. */
  #skipInString(text: string, from: number): number {
    let start = from;
    if (this.#escaped) {
      this.#escaped = false;
      start += 1;
    }
    let quote = text.indexOf('"', start);
    while (quote !== -1 && isEscaped(text, quote, start)) quote = text.indexOf('"', quote + 1);
    if (quote === -1) {
      this.#escaped = isEscaped(text, text.length, start);
      return text.length;
    }
    this.#inString = false;
    return quote + 1;
  }

  #notJson(text: string, at: number): ProtocolError {
    const excerpt = JSON.stringify(text.slice(at, at + 60));
    return new ProtocolError(`The answer is not what CouchDB sends, it has ${excerpt} where JSON should stand`, true);
  }
}

/** Whether there is nothing but white space in a text, if anything at all. */
function isBlankText(text: string): boolean {
  return skipBlank(text, 0) === text.length;
}
