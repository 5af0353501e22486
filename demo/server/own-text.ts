/**
 * The same text with memory of its own. A part of a longer text keeps all of that alive, and a text put together from parts
 * keeps the parts; what is stored for long must do neither.
 */
export function ownText(text: string): string {
  return DECODER.decode(ENCODER.encode(text));
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
