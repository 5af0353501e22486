import { packedBytes, packedText } from '../../kv/packed-text.ts';
import type { Mutation } from '../storage.ts';
import type { Blocks } from './blocks.ts';
import { filterOf, hashId } from './membership.ts';
import { type Child, childBytes, decodeNode, encodeNode, separator } from './node.ts';
import { encodePage, entryBytes, type PageEntry } from './page.ts';
import type { Run } from './run.ts';

/** A page that has reached this size is closed: about a hundred documents, and no more is read to find one of them. */
const PAGE_BYTES = 16 * 1024;
/** The same for nodes: some thirty pages, or three hundred nodes. */
const NODE_BYTES = 8 * 1024;
/** A node has at least so many children, however long their ids are: with fewer above each other the tree would not end. */
const LEAST_CHILDREN = 4;

/** A run that is half written, as JSON. */
export interface RunDraft {
  readonly heads: number;
  readonly blocks: number;
  readonly floor: number | null;
  /** The id that was written last. */
  readonly last: string;
  /** The open nodes, the lowest first. */
  readonly open: readonly string[];
}

/** Writes a run: takes documents in the order of their ids, and lays pages and the tree of nodes above them. */
export class RunWriter {
  readonly #blocks: Blocks;
  readonly #run: number;
  readonly #open: Child[][];
  #entries: PageEntry[] = [];
  #pageBytes = 0;
  #from: Uint8Array = new Uint8Array();
  #last: Uint8Array | undefined;
  #heads = 0;
  #nextBlock = 0;
  #floor = Number.POSITIVE_INFINITY;
  #records: Mutation[] = [];
  #recordBytes = 0;

  /** @param draft what another writer of the same run has left, to go on with */
  constructor(blocks: Blocks, run: number, draft?: RunDraft) {
    this.#blocks = blocks;
    this.#run = run;
    this.#open = draft?.open.map((node) => (node === '' ? [] : decodeNode(packedBytes(node)))) ?? [[]];
    if (draft === undefined) return;
    this.#heads = draft.heads;
    this.#nextBlock = draft.blocks;
    this.#floor = draft.floor ?? Number.POSITIVE_INFINITY;
    this.#last = packedBytes(draft.last);
  }

  /** The bytes of what has been written and not been taken. */
  get bytes(): number {
    return this.#recordBytes + this.#pageBytes;
  }

  /** @param floor the lowest segment that a body of it is in */
  add(entry: PageEntry, floor: number): void {
    const bytes = entryBytes(entry);
    if (this.#entries.length > 0 && this.#pageBytes + bytes > PAGE_BYTES) this.#closePage();
    if (this.#entries.length === 0 && this.#last !== undefined) this.#from = separator(this.#last, entry.id);
    this.#entries.push(entry);
    this.#pageBytes += bytes;
    this.#heads += 1;
    this.#floor = Math.min(this.#floor, floor);
    this.#last = entry.id;
  }

  /** The records of everything that has been added since the last time, and of nodes that are full. */
  take(): Mutation[] {
    if (this.#entries.length > 0) this.#closePage();
    const records = this.#records;
    this.#records = [];
    this.#recordBytes = 0;
    return records;
  }

  /** What the next writer needs to go on, once everything has been taken. */
  draft(): RunDraft {
    return {
      heads: this.#heads,
      blocks: this.#nextBlock,
      floor: Number.isFinite(this.#floor) ? this.#floor : null,
      last: packedText(this.#last ?? new Uint8Array()),
      open: this.#open.map((children) => packedText(encodeNode(children))),
    };
  }

  /** Ends the run. Its last records are still to be taken. Undefined when it has no documents. */
  finish(): Run | undefined {
    if (this.#entries.length > 0) this.#closePage();
    if (this.#heads === 0) return undefined;
    let height = 1;
    // A node that stands alone below an empty one is as good a root.
    while (this.#open.slice(height).some((children) => children.length > 0)) {
      this.#closeNode(height - 1);
      height += 1;
    }
    const root = this.#open[height - 1] ?? [];
    const run = { number: this.#run, heads: this.#heads, blocks: this.#nextBlock, floor: this.#floor, height, root };
    if (sizeOf(root) <= 2 * NODE_BYTES) return run;
    // Ids of any length make a root of any size; the record of a run is to stay small.
    this.#closeNode(height - 1);
    return { ...run, blocks: this.#nextBlock, height: height + 1, root: this.#open[height] ?? [] };
  }

  #closePage(): void {
    const filter = filterOf(this.#entries.map(({ id }) => hashId(id)));
    const page = encodePage(this.#entries);
    this.#entries = [];
    this.#pageBytes = 0;
    this.#push(0, this.#from, page, filter);
  }

  #closeNode(level: number): void {
    const children = this.#open[level] ?? [];
    const [first] = children;
    if (first === undefined) return;
    this.#open[level] = [];
    this.#push(level + 1, first.from, encodeNode(children), undefined);
  }

  /** Writes a page or node, and names it in the open node above. */
  #push(level: number, from: Uint8Array, bytes: Uint8Array, filter: Uint8Array | undefined): void {
    const child = { from, block: this.#nextBlock, bytes: bytes.length, filter };
    this.#records.push(...this.#blocks.records(this.#run, child.block, bytes));
    this.#recordBytes += bytes.length;
    this.#nextBlock += this.#blocks.countOf(bytes.length);
    const siblings = this.#open[level] ?? [];
    if (siblings.length >= LEAST_CHILDREN && sizeOf(siblings) + childBytes(child) > NODE_BYTES) this.#closeNode(level);
    const open = this.#open[level] ?? [];
    open.push(child);
    this.#open[level] = open;
  }
}

function sizeOf(children: readonly Child[]): number {
  return children.reduce((sum, child) => sum + childBytes(child), 0);
}
