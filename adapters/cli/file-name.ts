import { createHash } from 'node:crypto';

/** The most characters of a name, so that ending and revision still fit into the 255 bytes that file systems allow. */
const LONGEST = 120;

/** Names that some systems keep for devices, with any ending. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * A file name for any text, the same text always the same name, and no two texts the same, not even where case does not
 * count: lower-case letters, digits, `-`, `_` and inner dots stand for themselves, every other byte is written `%xx`.
 * A name that would be too long is cut and ends in `~` and the SHA-256 of the text.
 */
export function fileName(text: string): string {
  let name = '';
  for (const [index, byte] of Buffer.from(wellFormed(text), 'utf8').entries()) {
    const character = String.fromCharCode(byte);
    // A dot at the beginning would hide the file or leave the folder, one at the end is lost on some systems.
    const isPlain = /[a-z0-9_-]/.test(character) || (character === '.' && index > 0);
    name += isPlain ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.endsWith('.')) name = `${name.slice(0, -1)}%2e`;
  const stem = name.split('.')[0] ?? '';
  if (DEVICES.test(stem)) name = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  if (name.length <= LONGEST) return name;
  return `${name.slice(0, LONGEST - 65)}~${createHash('sha256').update(text).digest('hex')}`;
}

/** Half a surrogate pair has no bytes of its own: it is written as the escape that JSON has for it. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}
