import { StoreError } from '../core/errors.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import { decodeTree, encodeTree } from '../revs/codec.ts';
import type { Head, StoredRevision } from './storage.ts';

/** A head as bytes: `[id, seq, tree, [[rev, place, attachments?]…]]`. */
export function encodeHead({ id, seq, tree, stored }: Head): Uint8Array {
  const revisions = stored.map(({ rev, place, attachments }) =>
    attachments === undefined ? [rev, place] : [rev, place, attachments],
  );
  return encodeJson([id, seq, encodeTree(tree), revisions]);
}

/**
 * @throws StoreError when the bytes are no head
 */
export function decodeHead(bytes: Uint8Array): Head {
  const value = decodeJson(bytes);
  if (Array.isArray(value)) {
    const [id, seq, tree, revisions]: unknown[] = value;
    if (typeof id === 'string' && isChange(seq) && typeof tree === 'string' && Array.isArray(revisions)) {
      return { id, seq, tree: decodeTree(tree), stored: revisions.map(decodeStored) };
    }
  }
  throw damaged();
}

function decodeStored(value: unknown): StoredRevision {
  if (!Array.isArray(value)) throw damaged();
  const [rev, place, attachments]: unknown[] = value;
  if (typeof rev !== 'string' || !isPlace(place)) throw damaged();
  return typeof attachments === 'string' ? { rev, place, attachments } : { rev, place };
}

/** Changes are counted from 1. */
function isChange(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isPlace(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((part) => Number.isSafeInteger(part));
}

function damaged(): StoreError {
  return new StoreError('The replica is damaged: a document cannot be read; pull it into a new replica', 'corrupt');
}
