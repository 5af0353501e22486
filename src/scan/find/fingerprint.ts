import { InputError } from '../../core/errors.ts';

/** Names a secret without telling it. */
export type Fingerprint = (secret: string) => Promise<string>;

/**
 * HMAC-SHA-256 in hexadecimal: whoever does not have the key learns no more from it than which secrets are the same.
 *
 * @throws InputError for an empty key, and where the platform has no Web Crypto: on pages that did not come over HTTPS
 */
export async function fingerprintWith(key: string): Promise<Fingerprint> {
  if (key === '') throw new InputError('The key of fingerprints is empty; anybody could guess secrets by them');
  if (crypto.subtle === undefined) {
    throw new InputError(
      'There are no fingerprints on a page that did not come over HTTPS; scan without, or use HTTPS',
    );
  }
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, ['sign']);
  return async (secret) => {
    const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(secret)));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}
