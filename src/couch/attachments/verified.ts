import { Digest } from '../../core/digest.ts';
import { ProtocolError } from '../../core/errors.ts';

/** What some content must be. */
export interface Announced {
  /** Names it in the error, such as `The attachment "a.png" of "pancakes"`. */
  readonly what: string;
  /** Bytes in all. */
  readonly length: number;
  /** `md5-…` of all bytes. Of digests of another kind no use is made. */
  readonly digest: string;
  /** Whether the bytes turned out to be others than those of the digest, so that only their length counts. Asked at the end. */
  readonly isUnpacked?: () => boolean;
  /** Bytes that came before the others and count with them, but are not given again. */
  readonly kept?: AsyncIterable<Uint8Array> | undefined;
}

/**
 * Gives bytes on as they come, and after the last one makes sure that they were what was announced.
 *
 * @throws ProtocolError when they were not: what has been given is then no good
 */
export async function* verified(
  pieces: AsyncIterable<Uint8Array>,
  { what, length, digest, isUnpacked, kept }: Announced,
): AsyncGenerator<Uint8Array, void, undefined> {
  const computed = digest.startsWith('md5-') ? new Digest() : undefined;
  let received = 0;
  const take = (piece: Uint8Array): void => {
    received += piece.byteLength;
    if (received > length) throw new ProtocolError(`${what} has more than the ${length} bytes announced`, true);
    computed?.update(piece);
  };
  if (kept !== undefined) for await (const piece of kept) take(piece);
  for await (const piece of pieces) {
    take(piece);
    yield piece;
  }
  if (received < length) {
    throw new ProtocolError(`${what} has only ${received} of the ${length} bytes announced`, true);
  }
  const found = isUnpacked?.() ? undefined : computed?.finish();
  if (found !== undefined && found !== digest) {
    throw new ProtocolError(`${what} arrived as ${found}, which should be ${digest}`, true);
  }
}
