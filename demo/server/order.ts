/** Compares two texts by their UTF-8 bytes, the order in which CouchDB keeps ids. */
export function compareBytes(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** How many bytes a text has in UTF-8. */
export function byteLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800 || isSurrogate(code)) length += 1;
    else length += 2;
  }
  return length;
}

/** Surrogates stand for characters above all other UTF-16 units. */
function rank(code: number): number {
  return isSurrogate(code) ? code + 0x10000 : code;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
