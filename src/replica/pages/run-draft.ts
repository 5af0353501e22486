import type { JsonObject } from '../../core/json-value.ts';
import type { Key } from '../../kv/kv.ts';
import { isCount } from '../count.ts';
import type { Blocks } from './blocks.ts';
import { damagedIndex } from './node.ts';

/** A run that is half written, as JSON. The rest of what the next writer needs is in a block of the run. */
export interface RunDraft {
  /** Entries that have been written. */
  readonly heads: number;
  /** As that of a run; null for none. */
  readonly floor: number | null;
  /** The block that has the rest, and its length. */
  readonly block: number;
  readonly bytes: number;
}

/** @throws StoreError (`corrupt`) when it is none */
export function decodeDraft({ heads, floor, block, bytes }: JsonObject): RunDraft {
  if (!isCount(heads) || !isCount(block) || !isCount(bytes) || !(floor === null || isCount(floor)))
    throw damagedIndex();
  return { heads, floor, block, bytes };
}

/** What is deleted of a draft when it has been gone on with: most take one record, and others go with their run. */
export function draftKeys(blocks: Blocks, run: number, draft: RunDraft | undefined): readonly Key[] {
  return draft === undefined ? [] : blocks.keysOf({ run, ...draft }).slice(0, MOST_DELETED);
}

/** So many records of a draft are deleted with a step at the most. */
const MOST_DELETED = 3;

/** The rest of a draft: it holds ids, and so is of any size. */
export interface DraftRest {
  /** The id up to which everything has been written, or passed over. */
  readonly last: Uint8Array;
  /** The open nodes, the lowest first, as `encodeNode` writes them; empty where one has no children yet. */
  readonly open: readonly Uint8Array[];
}

/**
 * ```text
 * rest = piece*                    first the id, then the nodes
 * piece = length:u32 bytes
 * ```
 */
export function encodeRest({ last, open }: DraftRest): Uint8Array {
  const pieces = [last, ...open];
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const piece of pieces) {
    view.setUint32(at, piece.length);
    bytes.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return bytes;
}

/** @throws StoreError (`corrupt`) when the bytes are no rest of a draft */
export function decodeRest(bytes: Uint8Array): DraftRest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 > bytes.length ? Number.POSITIVE_INFINITY : at + 4 + view.getUint32(at);
    if (end > bytes.length) throw damagedIndex();
    pieces.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const [last, ...open] = pieces;
  if (last === undefined) throw damagedIndex();
  return { last, open };
}
