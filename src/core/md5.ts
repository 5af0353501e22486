const BLOCK = 64;

/**
 * MD5, which Web Crypto lacks, of bytes that come piece by piece. It makes no copies of them on its way: those of the libraries that
 * there are amount to a few times the length of all bytes, and browsers collect them too late.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1321
 */
export class Md5 {
  readonly #state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  /** Bytes that do not fill a block yet. */
  readonly #rest = new Uint8Array(BLOCK);
  #length = 0;

  update(bytes: Uint8Array): void {
    const filled = this.#length % BLOCK;
    this.#length += bytes.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(bytes.length, BLOCK - filled);
      this.#rest.set(bytes.subarray(0, at), filled);
      if (filled + at < BLOCK) return;
      mix(this.#state, this.#rest, 0, BLOCK);
    }
    const end = bytes.length - ((bytes.length - at) % BLOCK);
    mix(this.#state, bytes, at, end);
    this.#rest.set(bytes.subarray(end));
  }

  /** The digest of all bytes. Ends its use. */
  finish(): Uint8Array {
    const bits = this.#length * 8;
    const padding = new Uint8Array(2 * BLOCK - ((this.#length + 8) % BLOCK) - BLOCK + 8);
    const view = new DataView(padding.buffer);
    view.setUint8(0, 0x80);
    view.setUint32(padding.length - 8, bits % 2 ** 32, true);
    view.setUint32(padding.length - 4, Math.floor(bits / 2 ** 32), true);
    this.update(padding);
    const digest = new DataView(new ArrayBuffer(this.#state.byteLength));
    for (const [index, word] of this.#state.entries()) digest.setInt32(index * 4, word, true);
    return new Uint8Array(digest.buffer);
  }
}

/** `2^32 * abs(sin(n))` for each step from 1 on, as integers. In a view like the words, as those are read without a check. */
const CONSTANTS = new DataView(new ArrayBuffer(4 * BLOCK));
for (let step = 0; step < BLOCK; step += 1) {
  CONSTANTS.setUint32(4 * step, Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))));
}

/** Mixes blocks into the state. Four steps are written out: a loop over each of them takes several times as long. */
function mix(state: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let at = start; at < end; at += BLOCK) {
    const [a0, b0, c0, d0] = [a, b, c, d];
    for (let step = 0; step < 16; step += 4) {
      a = (b + turned(a + ((b & c) | (~b & d)) + added(view, at, step, step), 7)) | 0;
      d = (a + turned(d + ((a & b) | (~a & c)) + added(view, at, step + 1, step + 1), 12)) | 0;
      c = (d + turned(c + ((d & a) | (~d & b)) + added(view, at, step + 2, step + 2), 17)) | 0;
      b = (c + turned(b + ((c & d) | (~c & a)) + added(view, at, step + 3, step + 3), 22)) | 0;
    }
    for (let step = 16; step < 32; step += 4) {
      a = (b + turned(a + ((b & d) | (c & ~d)) + added(view, at, 5 * step + 1, step), 5)) | 0;
      d = (a + turned(d + ((a & c) | (b & ~c)) + added(view, at, 5 * step + 6, step + 1), 9)) | 0;
      c = (d + turned(c + ((d & b) | (a & ~b)) + added(view, at, 5 * step + 11, step + 2), 14)) | 0;
      b = (c + turned(b + ((c & a) | (d & ~a)) + added(view, at, 5 * step + 16, step + 3), 20)) | 0;
    }
    for (let step = 32; step < 48; step += 4) {
      a = (b + turned(a + (b ^ c ^ d) + added(view, at, 3 * step + 5, step), 4)) | 0;
      d = (a + turned(d + (a ^ b ^ c) + added(view, at, 3 * step + 8, step + 1), 11)) | 0;
      c = (d + turned(c + (d ^ a ^ b) + added(view, at, 3 * step + 11, step + 2), 16)) | 0;
      b = (c + turned(b + (c ^ d ^ a) + added(view, at, 3 * step + 14, step + 3), 23)) | 0;
    }
    for (let step = 48; step < 64; step += 4) {
      a = (b + turned(a + (c ^ (b | ~d)) + added(view, at, 7 * step, step), 6)) | 0;
      d = (a + turned(d + (b ^ (a | ~c)) + added(view, at, 7 * step + 7, step + 1), 10)) | 0;
      c = (d + turned(c + (a ^ (d | ~b)) + added(view, at, 7 * step + 14, step + 2), 15)) | 0;
      b = (c + turned(b + (d ^ (c | ~a)) + added(view, at, 7 * step + 21, step + 3), 21)) | 0;
    }
    a = (a + a0) | 0;
    b = (b + b0) | 0;
    c = (c + c0) | 0;
    d = (d + d0) | 0;
  }
  state.set([a, b, c, d]);
}

/** The word of a block and the constant that a step adds. */
function added(view: DataView, at: number, word: number, step: number): number {
  return view.getInt32(at + 4 * (word & 15), true) + CONSTANTS.getInt32(4 * step);
}

function turned(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
