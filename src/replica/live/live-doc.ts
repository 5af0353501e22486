import { packedText } from '../../kv/packed-text.ts';
import type { RevisionText, Shown } from '../read.ts';
import { parseDoc, type ReplicaDoc } from '../replica-doc.ts';

const encoder = new TextEncoder();

/** A document as it is shown to those who watch it. */
export interface LiveDoc {
  readonly id: string;
  /** See {@link orderOf}. */
  readonly order: string;
  /** Another one where it is to be shown anew. */
  readonly mark: string;
  readonly doc: ReplicaDoc;
}

/** A document that has changed. */
export interface LiveChange {
  readonly id: string;
  /** See {@link orderOf}. */
  readonly order: string;
  /** Undefined where there is none, or a tombstone. */
  readonly now: LiveDoc | undefined;
}

/** A winner, to be shown. */
export function liveDoc({ id, rev, text }: RevisionText, { revs, conflicts }: Shown): LiveDoc {
  // A revision stays what it is, but its ancestry grows, and its rivals come and go.
  return { id, order: orderOf(id), mark: revs || conflicts ? text : rev, doc: parseDoc(text) };
}

/** What `<` puts in the order of ids: that of the bytes of their UTF-8. */
export function orderOf(id: string): string {
  return packedText(encoder.encode(id));
}
