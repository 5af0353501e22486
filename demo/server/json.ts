/**
 * JSON as CouchDB reads and prints it: integers of any length stay as they are, decimals become the shortest text of
 * their double, members keep their order, of a repeated member the last value stands in the place of the first.
 *
 * @module
 */

/** A JSON value that loses nothing. */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject;

/** An object, its members in order. A map, so that no name can reach a prototype. */
export type JsonObject = Map<string, JsonValue>;

/** A number by the text it is printed with. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether it is an integer, as Erlang would see it. */
  get isInteger(): boolean {
    return !/[.e]/.test(this.text);
  }
}

/** An integer as a JSON number. */
export function jsonInteger(value: number): JsonNumber {
  return new JsonNumber(String(value));
}

/** Whether a value is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether a value is a list of texts. */
export function isTextList(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

/** The text of a value, without any blank. */
export function writeJson(value: JsonValue): string {
  if (typeof value === 'string') return quoteJson(value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (value instanceof Map) return `{${writeMembers(value)}}`;
  return String(value);
}

/** The text of an object without its braces. */
export function writeMembers(object: JsonObject): string {
  let text = '';
  for (const [name, value] of object) {
    text += `${text === '' ? '' : ','}${quoteJson(name)}:${writeJson(value)}`;
  }
  return text;
}

/** A text as a JSON string: only what must be escaped is, control characters with upper-case digits. */
export function quoteJson(text: string): string {
  return `"${TO_ESCAPE.test(text) ? text.replaceAll(TO_ESCAPE_ALL, escapeCharacter) : text}"`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
const TO_ESCAPE = /["\\\u0000-\u001f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
const TO_ESCAPE_ALL = /["\\\u0000-\u001f]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapeCharacter(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
