import { loadPart } from './load-part.ts';

/** A digest of bytes that come piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** The digest of everything so far, in CouchDB's form: `md5-` and the MD5 in base64. Ends its use. */
  finish(): string;
}

/**
 * Begins the digest by which CouchDB names the content of an attachment (RFC 1321). Web Crypto has no MD5; the library that has
 * is loaded with the first attachment.
 *
 * @example
 * ```ts
 * const digest = await createDigest();
 * digest.finish(); // 'md5-1B2M2Y8AsgTpgAmY7PhCfg=='
 * ```
 */
export async function createDigest(): Promise<Digest> {
  const { default: md5 } = await loadPart(import('spark-md5'));
  const state = new md5.ArrayBuffer();
  return {
    update(bytes) {
      // A copy, as the library takes the whole of a buffer.
      state.append(new Uint8Array(bytes).buffer);
    },
    finish: () => `md5-${btoa(state.end(true))}`,
  };
}
