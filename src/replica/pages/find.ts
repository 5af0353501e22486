import type { BlockPlace, Blocks } from './blocks.ts';
import { hashId, type IdHash, mayContain } from './membership.ts';
import { type Child, childFor } from './node.ts';
import { Page, type PageEntry } from './page.ts';
import type { Run } from './run.ts';

/** Pages that are held in memory together, in bytes; one page at least. */
const HELD_BYTES = 4 * 1024 * 1024;

interface Sought {
  readonly id: Uint8Array;
  readonly hash: IdHash;
  found: PageEntry | undefined;
}

/**
 * The entries of some documents, the newest of each, in the order asked.
 *
 * Costs: a page for each document that is there and for few that are not, each page once; nodes beyond those in memory.
 *
 * @throws MissingBlock when a run has been replaced meanwhile
 */
export async function findEntries(
  blocks: Blocks,
  runs: readonly Run[],
  ids: readonly Uint8Array[],
): Promise<(PageEntry | undefined)[]> {
  const sought = ids.map((id): Sought => ({ id, hash: hashId(id), found: undefined }));
  const pages = await findPages(blocks, runs, sought);
  for (const part of cut(pages)) {
    const read = await blocks.read(part.map(({ place }) => place));
    for (const [index, { sought }] of part.entries()) {
      const page = new Page(read[index] ?? new Uint8Array());
      for (const one of sought) {
        const entry = page.find(one.id);
        // A copy, so that it does not hold the page.
        if (entry !== undefined && entry.seq > (one.found?.seq ?? -1)) {
          one.found = { id: one.id, seq: entry.seq, head: entry.head.slice() };
        }
      }
    }
  }
  return sought.map(({ found }) => found);
}

/** In parts that can be held together. */
function* cut(pages: readonly SoughtIn[]): Generator<readonly SoughtIn[]> {
  let part: SoughtIn[] = [];
  let bytes = 0;
  for (const page of pages) {
    if (part.length > 0 && bytes + page.place.bytes > HELD_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(page);
    bytes += page.place.bytes;
  }
  if (part.length > 0) yield part;
}

interface SoughtIn {
  readonly place: BlockPlace;
  readonly sought: readonly Sought[];
}

/** A node, and the documents that may be below it. */
interface Below {
  readonly run: number;
  readonly children: readonly Child[];
  /** Levels of nodes, this one included. */
  readonly height: number;
  readonly sought: readonly Sought[];
}

/** The pages in which some documents may be. What is known of nodes takes no time; others are read together. */
async function findPages(blocks: Blocks, runs: readonly Run[], sought: readonly Sought[]): Promise<SoughtIn[]> {
  const pages: SoughtIn[] = [];
  const open: Below[] = runs.map(({ number, root, height }) => ({ run: number, children: root, height, sought }));
  while (open.length > 0) {
    const unknown: (SoughtIn & { readonly height: number })[] = [];
    for (let below = open.pop(); below !== undefined; below = open.pop()) {
      const height = below.height - 1;
      const parts = divide(below);
      if (height === 0) {
        pages.push(...parts);
        continue;
      }
      for (const { place, sought } of parts) {
        const children = blocks.knownNode(place);
        if (children === undefined) unknown.push({ place, sought, height });
        else open.push({ run: place.run, children, height, sought });
      }
    }
    const nodes = unknown.length === 0 ? [] : await blocks.nodes(unknown.map(({ place }) => place));
    for (const [index, { place, sought, height }] of unknown.entries()) {
      open.push({ run: place.run, children: nodes[index] ?? [], height, sought });
    }
  }
  return pages;
}

/** Which of the children have which of the documents, if any. */
function divide({ run, children, sought }: Below): SoughtIn[] {
  const byBlock = new Map<number, SoughtIn & { readonly sought: Sought[] }>();
  for (const one of sought) {
    const child = children[childFor(children, one.id)];
    if (child === undefined || (child.filter !== undefined && !mayContain(child.filter, one.hash))) continue;
    const { block, bytes } = child;
    const known = byBlock.get(block);
    if (known === undefined) byBlock.set(block, { place: { run, block, bytes }, sought: [one] });
    else known.sought.push(one);
  }
  return [...byBlock.values()];
}
