import type { DatabaseInfo } from '../couch/database.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import type { Selection } from './options.ts';

/** How many rows there will be, as far as that can be told before the first. */
export function expectedRows(
  { docCount, docDelCount }: DatabaseInfo,
  since: Sequence | undefined,
  { docIds, selector, filter }: Selection,
): number | undefined {
  const isWhole = docIds === undefined && selector === undefined && filter === undefined;
  return since === undefined && isWhole ? docCount + docDelCount : undefined;
}

/** How long a document is on the average, where the source tells; 0 elsewhere. */
export function meanLength({ externalSize, docCount, docDelCount }: DatabaseInfo): number {
  const documents = docCount + docDelCount;
  return externalSize === undefined || documents === 0 ? 0 : externalSize / documents;
}
