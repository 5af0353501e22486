import { hmacSha256 } from '../core/hmac.ts';

/** Texts that only who knows the secret can have made: a text in base64url, and a signature. */
export class SignedTexts {
  readonly #sign: Promise<(text: string) => Promise<string>>;

  /** @throws InputError, with the first text, for an empty secret */
  constructor(secret: string) {
    this.#sign = hmacSha256(secret);
    // Whoever signs hears of it.
    this.#sign.catch(() => {});
  }

  async sign(text: string): Promise<string> {
    const body = toBase64Url(text);
    const sign = await this.#sign;
    return `${body}.${await sign(body)}`;
  }

  /** The text that was signed; undefined for anything that was not signed with this secret. */
  async read(signed: string): Promise<string | undefined> {
    const at = signed.lastIndexOf('.');
    if (at < 0) return undefined;
    const body = signed.slice(0, at);
    const sign = await this.#sign;
    return isSame(await sign(body), signed.slice(at + 1)) ? fromBase64Url(body) : undefined;
  }
}

/** Takes the same time wherever they differ, so that nobody finds a signature piece by piece. */
function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function toBase64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const units = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(units).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): string {
  const units = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(units, (unit) => unit.charCodeAt(0)));
}
