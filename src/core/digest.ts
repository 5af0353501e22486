import { Md5 } from './md5.ts';

/**
 * The digest by which CouchDB names the content of an attachment, of bytes that come piece by piece.
 *
 * @example
 * ```ts
 * new Digest().finish(); // 'md5-1B2M2Y8AsgTpgAmY7PhCfg=='
 * ```
 */
export class Digest {
  readonly #md5 = new Md5();

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
  }

  /** The digest of everything so far, in CouchDB's form: `md5-` and the MD5 in base64. Ends its use. */
  finish(): string {
    return `md5-${btoa(String.fromCharCode(...this.#md5.finish()))}`;
  }
}
