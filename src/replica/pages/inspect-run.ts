import { compareBytes } from '../../kv/key.ts';
import { isCount } from '../count.ts';
import { decodeHead } from '../head.ts';
import { joinBytes } from '../join-bytes.ts';
import type { BodyPlace, Damage } from '../storage.ts';
import { tryDecode } from '../verify/try-decode.ts';
import { type BlockPlace, unlessDamaged } from './blocks.ts';
import { hashId, mayContain } from './membership.ts';
import { type Child, decodeNode } from './node.ts';
import { Page, type PageEntry } from './page.ts';
import type { Run } from './run.ts';
import type { Workshop } from './workshop.ts';

/** Documents of which nothing is known for sure, as a record that may have something newer of them cannot be read. */
export interface UnsureDocuments {
  /** Their ids begin here. */
  readonly from: Uint8Array;
  /** The first id after them; undefined where there is no end. */
  readonly to: Uint8Array | undefined;
  /** Which ids between may be among them; undefined for all. */
  readonly filter: Uint8Array | undefined;
}

/** What is wrong with a part of a run. */
export interface RunDamage {
  readonly damage: Damage;
  readonly unsure: UnsureDocuments;
  /** The block that cannot be used at all. */
  readonly place?: BlockPlace;
}

/** Whether a document is among some that nothing is known of. */
export function isUnsure(id: Uint8Array, { from, to, filter }: UnsureDocuments): boolean {
  const isWithin = compareBytes(id, from) >= 0 && (to === undefined || compareBytes(id, to) < 0);
  return isWithin && (filter === undefined || mayContain(filter, hashId(id)));
}

/** A part of a tree: what is below one node, or one page. */
interface Subtree extends UnsureDocuments {
  readonly place: BlockPlace;
  /** Levels of nodes above pages; 0 for a page. */
  readonly height: number;
}

/** What was found in a part of a tree. */
interface Found {
  readonly heads: number;
  /** The first block number after all. */
  readonly blocks: number;
  /** A body in the lowest segment that is named, if any is. */
  readonly lowest: BodyPlace | undefined;
}

/**
 * Looks through the pages and nodes of a run: each can be read, and each document is where it is looked for.
 *
 * @returns whether all of it could be read
 */
export async function* inspectRun(workshop: Workshop, run: Run): AsyncGenerator<RunDamage, boolean, undefined> {
  const found = yield* inspectChildren(workshop, run.number, run.root, {
    from: new Uint8Array(),
    to: undefined,
    height: run.height,
  });
  if (found === undefined) return false;
  // Below the floor there may be a place that is bent: that is told of the body.
  const isBelow = segmentOf(found.lowest) < run.floor && (await isThere(workshop, found.lowest));
  if (found.heads === run.heads && found.blocks <= run.blocks && !isBelow) return true;
  const message = 'The index of a part of the documents says something else than they do';
  const key = workshop.layout.run(run.number);
  yield { damage: { key, kind: 'document', message }, unsure: EVERYTHING };
  return false;
}

/** All documents: of none is anything known. */
export const EVERYTHING: UnsureDocuments = { from: new Uint8Array(), to: undefined, filter: undefined };

/**
 * The same of what is below some children of a node.
 *
 * @returns what was found; undefined where something cannot be read
 */
export async function* inspectChildren(
  workshop: Workshop,
  run: number,
  children: readonly Child[],
  { from, to, height }: { readonly from: Uint8Array; readonly to: Uint8Array | undefined; readonly height: number },
): AsyncGenerator<RunDamage, Found | undefined, undefined> {
  let sum: Found | undefined = { heads: 0, blocks: 0, lowest: undefined };
  for (const [index, child] of children.entries()) {
    const { filter, block, bytes } = child;
    const subtree: Subtree = {
      from: index === 0 ? from : child.from,
      to: children[index + 1]?.from ?? to,
      filter,
      place: { run, block, bytes },
      height: height - 1,
    };
    const found = yield* inspectSubtree(workshop, subtree);
    const end = block + workshop.blocks.countOf(bytes);
    sum = sum &&
      found && {
        heads: sum.heads + found.heads,
        blocks: Math.max(sum.blocks, found.blocks, end),
        lowest: lower(sum.lowest, found.lowest),
      };
  }
  return sum;
}

async function* inspectSubtree(
  workshop: Workshop,
  subtree: Subtree,
): AsyncGenerator<RunDamage, Found | undefined, undefined> {
  const { blocks, layout } = workshop;
  const { place, height, ...unsure } = subtree;
  const key = layout.block(place.run, place.block);
  if (height > 0) {
    // Not from the memory of nodes: it is the record that is looked at.
    const children = await unlessDamaged(async () => decodeNode((await blocks.read([place]))[0] ?? new Uint8Array()));
    if (children !== undefined && areSorted(children.map(({ from }) => from).slice(1), unsure)) {
      return yield* inspectChildren(workshop, place.run, children, { ...unsure, height });
    }
    yield {
      damage: { key, kind: 'document', message: 'A part of the index of documents cannot be read' },
      unsure,
      place,
    };
    return undefined;
  }
  const entries = await unlessDamaged(async () => entriesOf((await blocks.read([place]))[0]));
  const ids = entries?.map(({ id }) => id) ?? [];
  if (entries === undefined || entries.length === 0 || !areSorted(ids, unsure) || !areAmong(ids, unsure.filter)) {
    yield { damage: { key, kind: 'document', message: 'A page of documents cannot be read' }, unsure, place };
    return undefined;
  }
  let lowest: BodyPlace | undefined;
  let areSound = true;
  for (const { id, seq, head } of entries) {
    const decoded = isCount(seq) && seq > 0 && tryText(id) !== undefined ? tryDecode(decodeHead, head) : undefined;
    for (const { place } of decoded?.stored ?? []) lowest = lower(lowest, place);
    if (decoded !== undefined) continue;
    areSound = false;
    const damage = { key, kind: 'document', message: 'The record of the document cannot be read' } as const;
    const name = tryText(id);
    yield {
      damage: name === undefined ? damage : { ...damage, id: name },
      unsure: { from: id, to: joinBytes([id, new Uint8Array(1)]), filter: undefined },
    };
  }
  return areSound ? { heads: entries.length, blocks: 0, lowest } : undefined;
}

/** Of two places the one in the lower segment. */
function lower(a: BodyPlace | undefined, b: BodyPlace | undefined): BodyPlace | undefined {
  return segmentOf(b) < segmentOf(a) ? b : a;
}

function segmentOf(place: BodyPlace | undefined): number {
  return place?.[0] ?? Number.POSITIVE_INFINITY;
}

async function isThere({ bodies }: Workshop, place: BodyPlace | undefined): Promise<boolean> {
  const [found] = place === undefined ? [] : await bodies.readBytes([place]);
  return found !== undefined;
}

function entriesOf(bytes: Uint8Array | undefined): PageEntry[] {
  const page = new Page(bytes ?? new Uint8Array());
  return Array.from({ length: page.count }, (_, index) => page.entryAt(index));
}

function areSorted(ids: readonly Uint8Array[], { from, to }: UnsureDocuments): boolean {
  const [first] = ids;
  const last = ids.at(-1);
  if (first === undefined || last === undefined) return true;
  const isWithin = compareBytes(from, first) <= 0 && (to === undefined || compareBytes(last, to) < 0);
  return isWithin && ids.every((id, index) => index === 0 || compareBytes(ids[index - 1] ?? id, id) < 0);
}

function areAmong(ids: readonly Uint8Array[], filter: Uint8Array | undefined): boolean {
  return filter !== undefined && ids.every((id) => mayContain(filter, hashId(id)));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function tryText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
