import { StoreError } from '../core/errors.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import { decodeTree, encodeTree } from '../revs/codec.ts';
import type { Head, StoredRevision } from './storage.ts';

/** A head as bytes: `[tree, [[rev, place, attachments?]…]]`. Id and change stand beside it. */
export function encodeHead({ tree, stored }: Pick<Head, 'tree' | 'stored'>): Uint8Array {
  const revisions = stored.map(({ rev, place, attachments }) =>
    attachments === undefined ? [rev, place] : [rev, place, attachments],
  );
  return encodeJson([encodeTree(tree), revisions]);
}

/**
 * @throws StoreError when the bytes are no head
 */
export function decodeHead(bytes: Uint8Array): Pick<Head, 'tree' | 'stored'> {
  const value = decodeJson(bytes);
  const [tree, revisions]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof tree !== 'string' || !Array.isArray(revisions)) throw damaged();
  return { tree: decodeTree(tree), stored: revisions.map(decodeStored) };
}

function decodeStored(value: unknown): StoredRevision {
  if (!Array.isArray(value)) throw damaged();
  const [rev, place, attachments]: unknown[] = value;
  if (typeof rev !== 'string' || !isPlace(place)) throw damaged();
  return typeof attachments === 'string' ? { rev, place, attachments } : { rev, place };
}

function isPlace(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((part) => Number.isSafeInteger(part));
}

function damaged(): StoreError {
  return new StoreError('The replica is damaged: a document cannot be read; pull it into a new replica', 'corrupt');
}
