import { ProtocolError } from './errors.ts';
import { decodeText } from './text.ts';

/** How long one line may be, in UTF-16 units, unless told otherwise: a document of CouchDB's own largest size fits many times. */
const LONGEST_LINE = 128 * 1024 * 1024;

/**
 * Bytes to lines, as many at once as a chunk completes. Lines end with LF or CRLF; the last one may lack its end. Time is
 * linear in the bytes, also for a line that arrives in very many chunks.
 *
 * @throws ProtocolError for a line longer than `longest`, and for bytes that are not UTF-8
 */
export async function* lines(
  chunks: AsyncIterable<Uint8Array>,
  { longest = LONGEST_LINE }: { longest?: number } = {},
): AsyncGenerator<string[], void, undefined> {
  let pieces: string[] = [];
  let length = 0;
  const keep = (piece: string): void => {
    length += piece.length;
    if (length > longest) throw new ProtocolError(`A line of the answer is longer than ${longest} characters`, false);
    pieces.push(piece);
  };
  const finish = (): string => {
    const line = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('');
    pieces = [];
    length = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const text of decodeText(chunks)) {
    const complete: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      keep(text.slice(start, end));
      complete.push(finish());
      start = end + 1;
    }
    if (start < text.length) keep(text.slice(start));
    if (complete.length > 0) yield complete;
  }
  if (pieces.length > 0) yield [finish()];
}
