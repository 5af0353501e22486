/**
 * Finding the parts of a JSON text without parsing them, so that a value can be kept as the text that came: numbers
 * beyond 2^53, the order of members and the spelling of decimals survive.
 *
 * All functions expect text that `JSON.parse` accepts; on other text they find something arbitrary, but always end.
 *
 * @module
 */

/** A member of an object: its name and where its value stands in the text. */
export interface MemberSpan {
  readonly name: string;
  /** Where the member begins: the quote of its name. */
  readonly begin: number;
  /** Where its value begins. */
  readonly start: number;
  /** The position after its value. */
  readonly end: number;
}

/** Where a value stands in a text. */
export interface ValueSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * The members of the object that begins at `start`, in their order, duplicates included.
 *
 * @example
 * ```ts
 * objectMembers('{"a":[1,2],"b":{}}', 0).map(({ name }) => name); // ['a', 'b']
 * ```
 */
export function objectMembers(text: string, start: number): MemberSpan[] {
  const members: MemberSpan[] = [];
  let at = skipBlank(text, start + 1);
  while (at < text.length && text.charCodeAt(at) === QUOTE) {
    const begin = at;
    const nameEnd = skipString(text, at);
    const raw = text.slice(at + 1, nameEnd - 1);
    const valueStart = skipBlank(text, skipBlank(text, nameEnd) + 1);
    const end = skipValue(text, valueStart);
    members.push({ name: raw.includes('\\') ? unescapeName(raw) : raw, begin, start: valueStart, end });
    at = skipBlank(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipBlank(text, at + 1);
  }
  return members;
}

/**
 * The text of a member's value in the object that begins at `start`; of the last one, as `JSON.parse` takes it, where a
 * name stands twice.
 */
export function memberText(text: string, start: number, name: string): string | undefined {
  let found: string | undefined;
  for (const member of objectMembers(text, start)) {
    if (member.name === name) found = text.slice(member.start, member.end);
  }
  return found;
}

/** The elements of the array that begins at `start`, in their order. */
export function arrayElements(text: string, start: number): ValueSpan[] {
  const elements: ValueSpan[] = [];
  let at = skipBlank(text, start + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = skipValue(text, at);
    elements.push({ start: at, end });
    at = skipBlank(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipBlank(text, at + 1);
  }
  return elements;
}

/** The position after the value that begins at `at`. */
export function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return skipString(text, at);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipLiteral(text, at);
  let depth = 0;
  let position = at;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      position = skipString(text, position);
      continue;
    }
    position += 1;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) break;
    }
  }
  return position;
}

/** The first position from `at` that is no white space. */
export function skipBlank(text: string, at: number): number {
  let position = at;
  while (isBlank(text.charCodeAt(position))) position += 1;
  return position;
}

/** Whether a UTF-16 unit is white space between the tokens of a JSON text. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Whether the character at `at` is escaped by an odd number of backslashes before it, none of them before `from`. */
export function isEscaped(text: string, at: number, from: number): boolean {
  let backslash = at;
  while (backslash > from && text.charCodeAt(backslash - 1) === BACKSLASH) backslash -= 1;
  return (at - backslash) % 2 === 1;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function skipString(text: string, at: number): number {
  let end = at;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end, at + 1));
  return end + 1;
}

function skipLiteral(text: string, at: number): number {
  let position = at;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isBlank(code)) break;
    position += 1;
  }
  return position;
}

function unescapeName(raw: string): string {
  const name: unknown = JSON.parse(`"${raw}"`);
  return typeof name === 'string' ? name : raw;
}
