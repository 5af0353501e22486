import { StoreError } from '../../core/errors.ts';
import { compareBytes } from '../../kv/key.ts';

/** A page, or a node below: what a node knows of it. */
export interface Child {
  /** No id in it is below these bytes, and all before it are. The first of all begins with none. */
  readonly from: Uint8Array;
  /** The number of its first block in the run. */
  readonly block: number;
  /** Its length. */
  readonly bytes: number;
  /** Which ids may be in it; of a page alone. */
  readonly filter: Uint8Array | undefined;
}

/** How many bytes a child takes in a node. */
export function childBytes({ from, filter }: Child): number {
  return CHILD_HEAD + from.length + (filter?.length ?? 0);
}

/** Length of the beginning, block, bytes, length of the filter. */
const CHILD_HEAD = 16;

/**
 * Children in order as one block of bytes.
 *
 * ```text
 * node  = child*
 * child = fromLength:u32 block:u32 bytes:u32 filterLength:u32 from filter
 * ```
 */
export function encodeNode(children: readonly Child[]): Uint8Array {
  const bytes = new Uint8Array(children.reduce((sum, child) => sum + childBytes(child), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { from, block, bytes: length, filter } of children) {
    view.setUint32(at, from.length);
    view.setUint32(at + 4, block);
    view.setUint32(at + 8, length);
    view.setUint32(at + 12, filter?.length ?? 0);
    bytes.set(from, at + CHILD_HEAD);
    if (filter !== undefined) bytes.set(filter, at + CHILD_HEAD + from.length);
    at += CHILD_HEAD + from.length + (filter?.length ?? 0);
  }
  return bytes;
}

/** @throws StoreError (`corrupt`) when the bytes are no node */
export function decodeNode(bytes: Uint8Array): Child[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const children: Child[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + CHILD_HEAD > bytes.length) throw damagedIndex();
    const middle = at + CHILD_HEAD + view.getUint32(at);
    const end = middle + view.getUint32(at + 12);
    if (end > bytes.length) throw damagedIndex();
    children.push({
      from: bytes.subarray(at + CHILD_HEAD, middle),
      block: view.getUint32(at + 4),
      bytes: view.getUint32(at + 8),
      filter: end > middle ? bytes.subarray(middle, end) : undefined,
    });
    at = end;
  }
  if (children.length === 0) throw damagedIndex();
  return children;
}

/** The index of the child in which an id is, if it is anywhere. */
export function childFor(children: readonly Child[], id: Uint8Array): number {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const child = children[middle];
    if (child !== undefined && compareBytes(child.from, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The shortest bytes that are above one id and not above the next. */
export function separator(last: Uint8Array, next: Uint8Array): Uint8Array {
  let same = 0;
  while (same < last.length && last[same] === next[same]) same += 1;
  return next.slice(0, same + 1);
}

/** What is thrown where the tree above pages cannot be read. */
export function damagedIndex(): StoreError {
  return new StoreError('The replica is damaged: its index cannot be read; pull it into a new replica', 'corrupt');
}
