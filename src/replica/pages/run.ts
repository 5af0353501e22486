import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import { isCount } from '../count.ts';
import { type Child, damagedIndex, decodeNode, encodeNode } from './node.ts';

/**
 * Documents in the order of their ids, in pages below a tree of nodes: what one batch has written, or what several runs
 * were merged into. A run never changes; it is replaced.
 */
export interface Run {
  /** New for every run. */
  readonly number: number;
  /** Entries of documents. */
  readonly heads: number;
  /** Blocks of its pages and nodes, numbered from 0. */
  readonly blocks: number;
  /** No body that its entries name is in a segment below this number. */
  readonly floor: number;
  /** Levels of nodes, the root included. */
  readonly height: number;
  readonly root: readonly Child[];
}

/**
 * ```text
 * run = length:u32 json node       length is that of the JSON, the node is the root
 * ```
 */
export function encodeRun({ root, heads, blocks, floor, height }: Run): Uint8Array {
  const json = encodeJson({ heads, blocks, floor: Number.isFinite(floor) ? floor : null, height });
  const node = encodeNode(root);
  const bytes = new Uint8Array(4 + json.length + node.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  bytes.set(node, 4 + json.length);
  return bytes;
}

/** @throws StoreError (`corrupt`) when the bytes are no run */
export function decodeRun(number: number, bytes: Uint8Array): Run {
  const length = bytes.length < 4 ? bytes.length : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (4 + length > bytes.length) throw damagedIndex();
  const json = decodeJson(bytes.subarray(4, 4 + length));
  const { heads, blocks, floor, height } = isJsonObject(json) ? json : {};
  if (!isCount(heads) || !isCount(blocks) || !isCount(height) || height === 0 || !(floor === null || isCount(floor)))
    throw damagedIndex();
  const root = decodeNode(bytes.subarray(4 + length));
  return { number, heads, blocks, floor: floor ?? Number.POSITIVE_INFINITY, height, root };
}
