import { ProtocolError } from './errors.ts';

/** Browsers give a megabyte at once of what has come meanwhile: too much to work on without a pause. */
const STEP = 64 * 1024;

/**
 * Bytes to text, piece by piece, whatever the piece boundaries do to a character. A byte order mark at the very beginning,
 * which some proxies put there, is left out; anywhere else it is a character like any other. Bytes that are no UTF-8
 * raise {@link ProtocolError}, since a guess in their place would change data.
 */
export async function* decodeText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new ProtocolError('The answer holds bytes that are not UTF-8', true, { cause: error });
    }
  };
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += STEP) {
      const text = decode(chunk.subarray(start, start + STEP));
      if (text !== '') yield text;
    }
  }
  const rest = decode();
  if (rest !== '') yield rest;
}
