import { StoreError } from '../../core/errors.ts';
import { compareBytes } from '../../kv/key.ts';

/** A document as it stands in a page. */
export interface PageEntry {
  /** Its id in UTF-8. */
  readonly id: Uint8Array;
  /** Where it stands in the order of local changes: of two entries with one id the higher holds. */
  readonly seq: number;
  /** What is known of it, as `encodeHead` wrote it. */
  readonly head: Uint8Array;
}

/** How many bytes an entry takes in a page. */
export function entryBytes({ id, head }: Pick<PageEntry, 'id' | 'head'>): number {
  return OFFSET + ENTRY_HEAD + id.length + head.length;
}

/** The count, and each end. */
const OFFSET = 4;
/** The sequence and the length of the id. */
const ENTRY_HEAD = 12;

/**
 * Entries in the order of their ids as one block of bytes, of which each can be found without reading the others:
 *
 * ```text
 * page  = count:u32 end:u32{count} entry{count}      ends are counted from the first entry
 * entry = seq:f64 length:u32 id head                 length is that of the id
 * ```
 */
export function encodePage(entries: readonly PageEntry[]): Uint8Array {
  const first = OFFSET * (entries.length + 1);
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + entryBytes(entry), OFFSET));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entries.length);
  let at = first;
  for (const [index, { id, seq, head }] of entries.entries()) {
    view.setFloat64(at, seq);
    view.setUint32(at + 8, id.length);
    bytes.set(id, at + ENTRY_HEAD);
    bytes.set(head, at + ENTRY_HEAD + id.length);
    at += ENTRY_HEAD + id.length + head.length;
    view.setUint32(OFFSET * (index + 1), at - first);
  }
  return bytes;
}

/** A page, read where it lies: entries are views of its bytes. */
export class Page {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly count: number;

  /** @throws StoreError (`corrupt`) when the bytes are no page */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.count = bytes.length < OFFSET ? -1 : this.#view.getUint32(0);
    const first = OFFSET * (this.count + 1);
    if (this.count < 0 || first > bytes.length || first + this.#endAt(this.count - 1) !== bytes.length)
      throw damagedPage();
  }

  /** @throws StoreError (`corrupt`) when the entry cannot be read */
  entryAt(index: number): PageEntry {
    const { from, to, id } = this.#bounds(index);
    return { id, seq: this.#view.getFloat64(from), head: this.#bytes.subarray(from + ENTRY_HEAD + id.length, to) };
  }

  idAt(index: number): Uint8Array {
    return this.#bounds(index).id;
  }

  /** The entry of a document, if it is here. */
  find(id: Uint8Array): PageEntry | undefined {
    const index = this.indexFrom(id);
    if (index === this.count || compareBytes(this.idAt(index), id) !== 0) return undefined;
    return this.entryAt(index);
  }

  /** The index of the first entry whose id is not below this one; `count` where there is none. */
  indexFrom(id: Uint8Array): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.idAt(middle), id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #bounds(index: number): { from: number; to: number; id: Uint8Array } {
    const first = OFFSET * (this.count + 1);
    const from = first + this.#endAt(index - 1);
    const to = first + this.#endAt(index);
    if (from + ENTRY_HEAD > to || to > this.#bytes.length) throw damagedPage();
    const end = from + ENTRY_HEAD + this.#view.getUint32(from + 8);
    if (end > to) throw damagedPage();
    return { from, to, id: this.#bytes.subarray(from + ENTRY_HEAD, end) };
  }

  #endAt(index: number): number {
    return index < 0 ? 0 : this.#view.getUint32(OFFSET * (index + 1));
  }
}

/** What is thrown where a page cannot be read. */
function damagedPage(): StoreError {
  return new StoreError(
    'The replica is damaged: a page of documents cannot be read; pull it into a new replica',
    'corrupt',
  );
}
