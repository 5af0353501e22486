/** As many arguments as a call takes on every engine, and more than most keys have bytes. */
const PIECE = 4096;

/**
 * Packed bytes as a text of one character a byte. Engines find texts in a map and order them by `<`, which is the order
 * of the bytes, many times faster than a loop compares bytes.
 */
export function packedText(packed: Uint8Array): string {
  let text = '';
  for (let at = 0; at < packed.length; at += PIECE) {
    text += Reflect.apply(String.fromCharCode, undefined, packed.subarray(at, at + PIECE));
  }
  return text;
}

/** The bytes of which {@link packedText} made this text. */
export function packedBytes(text: string): Uint8Array {
  const packed = new Uint8Array(text.length);
  for (let at = 0; at < packed.length; at += 1) packed[at] = text.charCodeAt(at);
  return packed;
}
