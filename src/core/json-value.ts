import { ProtocolError } from './errors.ts';

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON text that must be an object.
 *
 * @param what names it in the error, such as `A row of the changes feed`
 * @throws ProtocolError when it is not
 */
export function parseObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(`${what} is not JSON: ${excerpt(text)}`, true, { cause: error });
  }
  if (!isJsonObject(value)) throw new ProtocolError(`${what} is not a JSON object: ${excerpt(text)}`, true);
  return value;
}

/** The beginning of a text, quoted, for a message. */
export function excerpt(text: string): string {
  return JSON.stringify(beginning(text));
}

/** A value as JSON, no more than its beginning, for a message. */
export function excerptOf(value: unknown): string {
  return beginning(JSON.stringify(value ?? null));
}

function beginning(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
