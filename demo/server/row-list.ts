import { Gathering } from './gathering.ts';

/** What stands before the rows of a list; `null` where CouchDB does not know it. */
export interface ListHead {
  readonly totalRows: number | null;
  readonly offset: number | null;
  readonly updateSeq?: string | undefined;
}

/**
 * The pieces of a list of rows as one JSON object, without the line break that ends the answer.
 *
 * @param chunkSize how many bytes are gathered into one piece
 */
export function* rowListPieces(
  head: ListHead,
  rows: Iterable<string>,
  chunkSize: number,
  before = '',
): Generator<string> {
  const out = new Gathering(chunkSize);
  const updateSeq = head.updateSeq === undefined ? '' : `"update_seq":"${head.updateSeq}",`;
  out.add(`${before}{"total_rows":${head.totalRows},"offset":${head.offset},${updateSeq}"rows":[\r\n`);
  let separator = '';
  for (const row of rows) {
    const full = out.add(separator + row);
    separator = ',\r\n';
    if (full !== '') yield full;
  }
  yield `${out.flush()}\r\n]}`;
}
