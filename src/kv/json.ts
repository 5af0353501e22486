import { InputError, StoreError } from '../core/errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A value as JSON in UTF-8, the form in which everything but bodies rests in a store.
 *
 * @throws InputError for what JSON has no text for, such as `undefined`
 */
export function encodeJson(value: unknown): Uint8Array {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new InputError(`A value of type ${typeof value} cannot be stored as JSON`);
  return encoder.encode(text);
}

/**
 * The value that {@link encodeJson} was given.
 *
 * @throws StoreError (`corrupt`) when the bytes are something else
 */
export function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const sentence = 'A value of the store is damaged, it is not JSON: delete the store and fill it anew';
    throw new StoreError(sentence, 'corrupt', { cause: error });
  }
}
