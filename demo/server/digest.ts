import { createHash } from 'node:crypto';

/** The MD5 of bytes or text as 32 hex digits. */
export function md5Hex(data: Uint8Array | string): string {
  return createHash('md5').update(data).digest('hex');
}

/** The MD5 of bytes in base64, as attachment digests show it. */
export function md5Base64(data: Uint8Array): string {
  return createHash('md5').update(data).digest('base64');
}

/** An entity tag the way CouchDB makes them for what has no revision: a digest in base 36. */
export function entityTag(...parts: readonly string[]): string {
  return `"${BigInt(`0x${md5Hex(parts.join('\0'))}`)
    .toString(36)
    .toUpperCase()}"`;
}
