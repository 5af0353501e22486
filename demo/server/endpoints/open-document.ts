import type { StoredDocument } from '../document.ts';
import type { DatabaseExchange } from '../exchange.ts';
import { notFound } from '../refusals.ts';

/** A document and one of its revisions, whose content is stored. */
export interface OpenedRevision {
  readonly document: StoredDocument;
  readonly rev: string;
}

/**
 * The document of an id that is there and not deleted.
 *
 * @throws Refusal 404
 */
export function openWinner({ database }: DatabaseExchange, id: string): OpenedRevision {
  const document = database.document(id);
  if (document === undefined) throw notFound();
  const { rev, deleted } = document.winner;
  if (deleted) throw notFound('deleted');
  return { document, rev };
}

/**
 * The document of an id, and the revision of it that is asked for: the winner, where none is.
 *
 * @param wanted as in the query `rev`
 * @throws Refusal 404 where the content of that revision is not stored
 */
export function openRevision(exchange: DatabaseExchange, id: string, wanted: string | undefined): OpenedRevision {
  if (wanted === undefined) return openWinner(exchange, id);
  const document = exchange.database.document(id);
  if (document?.content(wanted) === undefined) throw notFound();
  return { document, rev: wanted };
}
