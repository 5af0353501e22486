import { Feed } from '../core/feed.ts';
import type { Lifetime } from './lifetime.ts';
import { type RevisionText, readTexts, type Shown, type TextRange } from './read.ts';
import type { DocumentStorage, HeadRange } from './storage.ts';

/** A part of the documents, as `_all_docs` takes it. */
export interface AllDocsRange {
  /** The first id, included; the last one where the order is descending. */
  readonly startKey?: string;
  /** The last id, included. */
  readonly endKey?: string;
  readonly descending?: boolean;
  readonly limit?: number;
}

/** The same range as the storage takes it, without its limit. */
export function headRange({ startKey, endKey, descending = false }: AllDocsRange): HeadRange {
  const [from, to] = descending ? [endKey, startKey] : [startKey, endKey];
  return { from, to, reverse: descending };
}

/** Lists revisions of the documents of a range, each shown in the caller's way. Memory: one page of them. */
export function listTexts<T>(
  { storage, lifetime }: { readonly storage: DocumentStorage; readonly lifetime: Lifetime },
  range: AllDocsRange & Shown,
  of: TextRange['of'],
  as: (revision: RevisionText) => T,
): Feed<T> {
  const { limit = Number.POSITIVE_INFINITY, revs, conflicts } = range;
  const step = Math.min(200, Math.max(1, limit));
  lifetime.check();
  return new Feed(async function* () {
    let left = limit;
    if (left <= 0) return;
    const batches = readTexts(storage, { ...headRange(range), shown: { revs, conflicts }, of, step });
    for await (const batch of lifetime.through(batches)) {
      yield batch.slice(0, left).map(as);
      left -= batch.length;
      if (left <= 0) return;
    }
  });
}
