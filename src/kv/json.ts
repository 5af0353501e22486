const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A value as JSON in UTF-8, the form in which everything but bodies rests in a store. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * The value that {@link encodeJson} was given.
 *
 * @throws SyntaxError or TypeError when the bytes are something else
 */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
