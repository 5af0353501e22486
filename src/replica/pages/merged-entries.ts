import { compareBytes } from '../../kv/key.ts';
import type { BlockPlace, Blocks } from './blocks.ts';
import { type Child, childFor } from './node.ts';
import { Page, type PageEntry } from './page.ts';
import type { Run } from './run.ts';

/** A part of the documents, in the order of their ids. */
export interface EntryRange {
  /** Where to begin: the first id, or the last in the reversed order. Included. */
  readonly begin?: Uint8Array | undefined;
  /** Whether an entry of that very id is left out. */
  readonly isAfter?: boolean;
  readonly reverse?: boolean;
  /** Pages and nodes that are left out, with all that is below. */
  readonly isLeftOut?: ((place: BlockPlace) => boolean) | undefined;
}

/** Pages of one run that are read at once: few at first, as a reader may want no more, and no large ones together. */
const MOST_AHEAD = 8;
const MOST_BYTES = 256 * 1024;

/**
 * The entries of some runs in the order of their ids, the newest of each document, many at once.
 *
 * Memory: some pages of every run.
 *
 * @throws MissingBlock when a run has been replaced meanwhile
 */
export async function* mergedEntries(
  blocks: Blocks,
  runs: readonly Run[],
  range: EntryRange = {},
): AsyncGenerator<readonly PageEntry[], void, undefined> {
  const sign = range.reverse ? -1 : 1;
  let cursors = runs.map((run) => new Cursor(blocks, run, range));
  for (;;) {
    await Promise.all(cursors.map((cursor) => cursor.load()));
    cursors = cursors.filter(({ entry }) => entry !== undefined);
    if (cursors.length === 0) return;
    const merged: PageEntry[] = [];
    while (cursors.every(({ entry }) => entry !== undefined)) merged.push(takeNext(cursors, sign));
    yield merged;
  }
}

/** The newest entry of the next document. All cursors move past it. */
function takeNext(cursors: readonly Cursor[], sign: number): PageEntry {
  let alike: Cursor[] = [];
  let next: PageEntry | undefined;
  for (const cursor of cursors) {
    const { entry } = cursor;
    if (entry === undefined) continue;
    const order = next === undefined ? -1 : sign * compareBytes(entry.id, next.id);
    if (order > 0) continue;
    if (order < 0) alike = [];
    alike.push(cursor);
    if (next === undefined || order < 0 || entry.seq > next.seq) next = entry;
  }
  for (const cursor of alike) cursor.step();
  if (next === undefined) throw new RangeError('There is no next document');
  return next;
}

/** A place in a run. */
class Cursor {
  readonly #blocks: Blocks;
  readonly #places: AsyncGenerator<BlockPlace, void, undefined>;
  readonly #range: EntryRange;
  #pages: Page[] = [];
  #index = 0;
  #ahead = 1;
  #isOver = false;
  /** Where it stands; undefined where a page has to be loaded, and at the end. */
  entry: PageEntry | undefined;

  constructor(blocks: Blocks, run: Run, range: EntryRange) {
    this.#blocks = blocks;
    this.#range = range;
    this.#places = placesOf(blocks, run.number, run, range);
  }

  /** Goes to the next entry, if that is in memory. */
  step(): void {
    this.#index += this.#range.reverse ? -1 : 1;
    this.#show();
  }

  /** Brings the next entry into memory, if there is one. */
  async load(): Promise<void> {
    while (this.entry === undefined && !this.#isOver) {
      const places: BlockPlace[] = [];
      for (let bytes = 0; places.length < this.#ahead && bytes < MOST_BYTES && !this.#isOver; ) {
        const { value } = await this.#places.next();
        this.#isOver = value === undefined;
        if (value === undefined) break;
        places.push(value);
        bytes += value.bytes;
      }
      this.#ahead = Math.min(MOST_AHEAD, 2 * this.#ahead);
      this.#pages = (await this.#blocks.read(places)).map((bytes) => new Page(bytes));
      this.#enter();
    }
  }

  #enter(): void {
    const [page] = this.#pages;
    if (page === undefined) return;
    const { begin, isAfter = false, reverse = false } = this.#range;
    if (begin === undefined) {
      this.#index = reverse ? page.count - 1 : 0;
    } else {
      const from = page.indexFrom(begin);
      const isThere = from < page.count && compareBytes(page.idAt(from), begin) === 0;
      if (reverse) this.#index = isThere && !isAfter ? from : from - 1;
      else this.#index = isThere && isAfter ? from + 1 : from;
    }
    this.#show();
  }

  #show(): void {
    const [page] = this.#pages;
    if (page !== undefined && this.#index >= 0 && this.#index < page.count) {
      this.entry = page.entryAt(this.#index);
      return;
    }
    this.entry = undefined;
    this.#pages.shift();
    this.#enter();
  }
}

/** The pages of a run in order, from the one on that has the beginning of the range. */
async function* placesOf(
  blocks: Blocks,
  run: number,
  { root: children, height }: { readonly root: readonly Child[]; readonly height: number },
  { begin, ...range }: EntryRange,
): AsyncGenerator<BlockPlace, void, undefined> {
  const { reverse = false, isLeftOut } = range;
  const step = reverse ? -1 : 1;
  const start = begin === undefined ? (reverse ? children.length - 1 : 0) : childFor(children, begin);
  for (let at = start; at >= 0 && at < children.length; at += step) {
    const child = children[at];
    if (child === undefined) return;
    const place = { run, block: child.block, bytes: child.bytes };
    if (isLeftOut?.(place)) continue;
    if (height === 1) {
      yield place;
      continue;
    }
    const [root = []] = await blocks.nodes([place]);
    yield* placesOf(blocks, run, { root, height: height - 1 }, at === start ? { begin, ...range } : range);
  }
}
