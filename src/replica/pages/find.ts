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
  const pages = (await Promise.all(runs.map((run) => pagesFor(blocks, run, sought)))).flat();
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
  readonly sought: Sought[];
}

/** The pages of a run in which some documents may be. */
async function pagesFor(blocks: Blocks, run: Run, sought: readonly Sought[]): Promise<SoughtIn[]> {
  let level: { readonly children: readonly Child[]; readonly sought: readonly Sought[] }[] = [
    { children: run.root, sought },
  ];
  for (let height = run.height; height > 1; height -= 1) {
    const below = level.flatMap(({ children, sought }) => divide(run, children, sought));
    const nodes = await blocks.nodes(below.map(({ place }) => place));
    level = below.map(({ sought }, index) => ({ children: nodes[index] ?? [], sought }));
  }
  return level.flatMap(({ children, sought }) => divide(run, children, sought));
}

/** Which of the children have which of the documents, if any. */
function divide(run: Run, children: readonly Child[], sought: readonly Sought[]): SoughtIn[] {
  const byBlock = new Map<number, SoughtIn>();
  for (const one of sought) {
    const child = children[childFor(children, one.id)];
    if (child === undefined || (child.filter !== undefined && !mayContain(child.filter, one.hash))) continue;
    const { block, bytes } = child;
    const known = byBlock.get(block);
    if (known === undefined) byBlock.set(block, { place: { run: run.number, block, bytes }, sought: [one] });
    else known.sought.push(one);
  }
  return [...byBlock.values()];
}
