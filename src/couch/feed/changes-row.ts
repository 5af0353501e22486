import { ProtocolError } from '../../core/errors.ts';
import { memberText } from '../../core/json-text.ts';
import { excerpt, isJsonObject, type JsonObject, parseObject } from '../../core/json-value.ts';
import { parseSequence, type Sequence } from './sequence.ts';

/** One changed document. */
export interface ChangesRow {
  readonly type: 'row';
  /** Where the feed can be resumed after this row; null where the server left it out, as it may with `seqInterval`. */
  readonly seq: Sequence | null;
  readonly id: string;
  /** The leaf revisions, the winner first; with `style: 'main_only'` the winner alone. */
  readonly changes: readonly { readonly rev: string }[];
  /** Whether the winner is a tombstone. */
  readonly deleted: boolean;
  /** The winning revision, with `includeDocs`, unless the server could not open it. */
  readonly doc?: JsonObject;
  /** The same as the JSON text that came, numbers beyond 2^53 intact. */
  readonly docText?: string;
}

/**
 * Reads one row of a changes feed.
 *
 * @throws ProtocolError when it is none
 */
export function parseChangesRow(text: string): ChangesRow {
  const row = parseObject(text, 'A row of the changes feed');
  const { id, seq, changes, deleted, doc } = row;
  if (typeof id !== 'string' || !Array.isArray(changes) || !changes.every(isChange)) {
    throw new ProtocolError(`A row of the changes feed is not CouchDB's: ${excerpt(text)}`, true);
  }
  const sound = typeof seq === 'string' || (typeof seq === 'number' && Number.isSafeInteger(seq));
  const base = {
    type: 'row',
    seq: sound ? seq : parseSequence(memberText(text, 0, 'seq') ?? 'null'),
    id,
    changes,
    deleted: deleted === true,
  } as const;
  const docText = isJsonObject(doc) ? memberText(text, 0, 'doc') : undefined;
  return isJsonObject(doc) && docText !== undefined ? { ...base, doc, docText } : base;
}

function isChange(value: unknown): value is { readonly rev: string } {
  return isJsonObject(value) && typeof value['rev'] === 'string';
}
