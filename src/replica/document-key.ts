/** How many bytes of an id stand in a key as they are: every store takes keys of 2,048 bytes, doubled zeros included. */
const PLAIN_BYTES = 480;

const encoder = new TextEncoder();

/** The beginning of an id that stands in its key: all of it, where it is sound and not too long. */
export function plainPart(id: string): string {
  const sound = id.replace(/\p{Surrogate}/gu, '\ufffd');
  // A UTF-16 unit takes at most three bytes.
  if (sound.length * 3 <= PLAIN_BYTES) return sound;
  const { read } = encoder.encodeInto(sound, new Uint8Array(PLAIN_BYTES));
  return sound.slice(0, read);
}

/** The order of ids, that of their UTF-8 bytes, which is that of their code points. */
export function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    // Surrogates, which stand for the highest code points, are not the highest units.
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1;
  }
  return a.length - b.length;
}
