import type { Mutation } from '../storage.ts';
import type { Blocks } from './blocks.ts';
import { filterOf, hashId } from './membership.ts';
import { type Child, childBytes, decodeNode, encodeNode, separator } from './node.ts';
import { encodePage, entryBytes, type PageEntry } from './page.ts';
import type { Run } from './run.ts';
import { decodeRest, encodeRest, type RunDraft } from './run-draft.ts';

/** A page that has reached this size is closed: about a hundred documents, and no more is read to find one of them. */
const PAGE_BYTES = 16 * 1024;
/** The same for nodes: some thirty pages, or three hundred nodes. */
const NODE_BYTES = 8 * 1024;
/** What stands in the record of a run itself: all of these are read again whenever others have written. */
const ROOT_BYTES = 2 * 1024;
/** Nodes have so many children at least, however long the ids are: the tree stays low. */
const FEWEST_CHILDREN = 8;

/** What a writer begins with. */
interface Beginning {
  readonly heads: number;
  readonly floor: number;
  readonly block: number;
  readonly last: Uint8Array | undefined;
  readonly open: Child[][];
}

/** Goes on with a run that another writer has left half written, or begins with it. */
export async function resumeRun(blocks: Blocks, run: number, draft: RunDraft | undefined): Promise<RunWriter> {
  if (draft === undefined) return new RunWriter(blocks, run);
  const { heads, floor, block, bytes } = draft;
  const [found = new Uint8Array()] = await blocks.read([{ run, block, bytes }]);
  const { last, open } = decodeRest(found);
  return new RunWriter(blocks, run, {
    heads,
    floor: floor ?? Number.POSITIVE_INFINITY,
    block: block + blocks.countOf(bytes),
    last,
    open: open.map((node) => (node.length === 0 ? [] : decodeNode(node))),
  });
}

/** Writes a run: takes documents in the order of their ids, and lays pages and the tree of nodes above them. */
export class RunWriter {
  readonly #blocks: Blocks;
  readonly #run: number;
  readonly #nodeBytes: number;
  readonly #open: Child[][];
  #entries: PageEntry[] = [];
  #pageBytes = 0;
  #from: Uint8Array = new Uint8Array();
  #last: Uint8Array | undefined;
  #heads: number;
  #nextBlock: number;
  #floor: number;
  #records: Mutation[] = [];
  #recordBytes = 0;

  /** @param beginning by default, nothing is written of the run */
  constructor(
    blocks: Blocks,
    run: number,
    beginning: Beginning = { heads: 0, floor: Number.POSITIVE_INFINITY, block: 0, last: undefined, open: [[]] },
  ) {
    this.#blocks = blocks;
    this.#run = run;
    this.#nodeBytes = Math.min(NODE_BYTES, blocks.partBytes / 4);
    this.#open = beginning.open;
    this.#heads = beginning.heads;
    this.#nextBlock = beginning.block;
    this.#floor = beginning.floor;
    this.#last = beginning.last;
  }

  /** The id up to which everything has been written, or passed over. */
  get last(): Uint8Array | undefined {
    return this.#last;
  }

  /** The bytes of what has been written and not been taken. */
  get bytes(): number {
    return this.#recordBytes + this.#pageBytes;
  }

  /** @param floor the lowest segment that a body of it is in */
  add(entry: PageEntry, floor: number): void {
    const bytes = entryBytes(entry);
    if (this.#entries.length > 0 && this.#pageBytes + bytes > PAGE_BYTES) this.#closePage();
    if (this.#entries.length === 0) {
      // Nothing is before the first page, so that it begins with none.
      this.#from = this.#last === undefined || this.#heads === 0 ? new Uint8Array() : separator(this.#last, entry.id);
    }
    this.#entries.push(entry);
    this.#pageBytes += bytes;
    this.#heads += 1;
    this.#floor = Math.min(this.#floor, floor);
    this.#last = entry.id;
  }

  /** Nothing is written for an id, and the next writer goes on after it. */
  passOver(id: Uint8Array): void {
    this.#last = id;
  }

  /** The records of everything that was closed since the last time: all of it after {@link pause} and {@link finish}. */
  take(): Mutation[] {
    const records = this.#records;
    this.#records = [];
    this.#recordBytes = 0;
    return records;
  }

  /** Leaves the run half written: what the next writer needs to go on, once everything has been taken. */
  pause(): RunDraft {
    if (this.#entries.length > 0) this.#closePage();
    const open = this.#open.map(encodeNode);
    const block = this.#nextBlock;
    const { length } = this.#write(encodeRest({ last: this.#last ?? new Uint8Array(), open }));
    const floor = Number.isFinite(this.#floor) ? this.#floor : null;
    return { heads: this.#heads, floor, block, bytes: length };
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
    if (sizeOf(this.#open[height - 1] ?? []) > Math.min(ROOT_BYTES, this.#nodeBytes)) {
      this.#closeNode(height - 1);
      height += 1;
    }
    const root = this.#open[height - 1] ?? [];
    return { number: this.#run, heads: this.#heads, blocks: this.#nextBlock, floor: this.#floor, height, root };
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
    this.#write(bytes);
    const siblings = this.#open[level] ?? [];
    const isFull = sizeOf(siblings) + childBytes(child) > this.#nodeBytes;
    if (siblings.length >= FEWEST_CHILDREN && isFull) this.#closeNode(level);
    const open = this.#open[level] ?? [];
    open.push(child);
    this.#open[level] = open;
  }

  #write(bytes: Uint8Array): Uint8Array {
    this.#records.push(...this.#blocks.records(this.#run, this.#nextBlock, bytes));
    this.#recordBytes += bytes.length;
    this.#nextBlock += this.#blocks.countOf(bytes.length);
    return bytes;
  }
}

function sizeOf(children: readonly Child[]): number {
  return children.reduce((sum, child) => sum + childBytes(child), 0);
}
