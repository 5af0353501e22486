import type { Database } from '../../couch/database.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import { MOST_IDS, type Selection } from '../options.ts';
import type { RowBatch } from './batches.ts';
import { type Reading, readSource } from './read-source.ts';

/** What is read of a source, and up to where. */
export interface SelectionReading extends Omit<Reading, 'only'> {
  /** Where the source stood before the reading began. */
  readonly through: Sequence;
}

/**
 * Reads what is selected of a source. A long list of ids takes several feeds; as none of them alone tells how far all have
 * come, the position is then the one from before the first.
 */
export async function* readSelection(
  source: Database,
  selection: Selection,
  { through, ...reading }: SelectionReading,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, undefined> {
  const { docIds } = selection;
  if (docIds === undefined || docIds.length <= MOST_IDS) {
    yield* readSource(source, { ...reading, only: onlyOf(selection) }, signal);
    return;
  }
  for (let start = 0; start < docIds.length; start += MOST_IDS) {
    const part = { ...reading, only: { docIds: docIds.slice(start, start + MOST_IDS) } };
    for await (const { rows } of readSource(source, part, signal)) yield { rows, through: undefined };
  }
  yield { rows: [], through };
}

/** What a source is asked to leave out. */
export function onlyOf({ docIds, selector, filter }: Selection): Reading['only'] {
  return {
    ...(docIds === undefined ? {} : { docIds }),
    ...(selector === undefined ? {} : { selector }),
    ...(filter === undefined ? {} : { filter }),
  };
}
