import { InputError } from './errors.ts';

/**
 * Makes HMAC-SHA-256 (RFC 2104) of texts in UTF-8, in hexadecimal, with one key.
 *
 * @throws InputError for an empty key, and where the platform has no Web Crypto: on pages that did not come over HTTPS
 */
export async function hmacSha256(key: string): Promise<(text: string) => Promise<string>> {
  if (key === '') throw new InputError('The key of a signature must not be empty');
  if (crypto.subtle === undefined) {
    throw new InputError('Nothing can be signed on a page that did not come over HTTPS; use HTTPS, or no key');
  }
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, ['sign']);
  return async (text) => {
    const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}
