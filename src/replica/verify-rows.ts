import type { Entry, Key, Kv } from '../kv/kv.ts';
import { listPages } from '../kv/list.ts';
import type { BodyReader } from './body-reader.ts';
import { decodeHead } from './head.ts';
import { isSameKey, type Layout } from './layout.ts';
import { NumberSet } from './number-set.ts';
import type { Damage, Head, InspectedDocument, Inspection } from './storage.ts';
import { tryDecode } from './try-decode.ts';

/** Heads that are read together. */
const HEADS = 200;
/** How much of bodies is read together. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Of how many documents: each may bring a whole segment along. */
const STEP_DOCUMENTS = 100;
/** Parts of segments that are read together, each of half a megabyte at most. */
const PARTS = 16;

/**
 * Looks through everything that `RowStorage` keeps: the rows of heads in their order, each with its bodies, then
 * the segments, to see which of them no head names.
 *
 * Memory: one step, and one bit for each segment. Time: bodies are read in the order of ids, so that a segment is read once
 * for every step that has documents in it, and all segments once more.
 *
 * @throws StoreError `newer` for a tree that only a newer couchtide can read
 */
export async function* inspectRows(
  kv: Kv,
  layout: Layout,
  reader: BodyReader,
): AsyncGenerator<Inspection, void, undefined> {
  const named = new NumberSet();
  let next = 0;
  let allRead = true;
  for await (const entries of listPages(kv, { prefix: layout.heads }, { pageSize: HEADS })) {
    const rows = await Promise.all(entries.map((entry) => readRow(layout, entry)));
    const heads = rows.flatMap((row) => ('head' in row ? [row.head] : []));
    const damages = rows.flatMap((row) => ('damage' in row ? [row.damage] : []));
    allRead &&= damages.length === 0;
    const places = heads.flatMap(({ stored }) => stored.map(({ place }) => place));
    for (const [segment] of places) {
      if (!isCount(segment)) continue;
      named.add(segment);
      next = Math.max(next, segment + 1);
    }
    if (damages.length > 0) yield { documents: [], damages };
    for (const step of cutSteps(heads)) yield { documents: await withBodies(step, reader), damages: [] };
  }
  yield* inspectSegments(kv, layout, { named, next, allRead });
}

/** A row of the heads: what it says, or what is wrong with it. */
async function readRow(layout: Layout, { key, value }: Entry): Promise<{ head: Head } | { damage: Damage }> {
  const head = tryDecode(decodeHead, value);
  if (head === undefined) {
    const [id, hash] = key.slice(layout.heads.length);
    const name = typeof id === 'string' && hash === undefined ? { id } : {};
    return { damage: { key, kind: 'document', ...name, message: 'The record of the document cannot be read' } };
  }
  if (isSameKey(key, await layout.head(head.id))) return { head };
  const message = 'The record of the document is not where its id belongs';
  return { damage: { key, kind: 'document', id: head.id, message } };
}

/** Documents in parts whose bodies can be held together. */
function* cutSteps(heads: readonly Head[]): Generator<readonly Head[], void, undefined> {
  let step: Head[] = [];
  let bytes = 0;
  for (const head of heads) {
    const more = head.stored.reduce((sum, { place: [, , length = 0] }) => sum + Math.max(0, length), 0);
    if (step.length > 0 && (step.length === STEP_DOCUMENTS || bytes + more > STEP_BYTES)) {
      yield step;
      step = [];
      bytes = 0;
    }
    step.push(head);
    bytes += more;
  }
  if (step.length > 0) yield step;
}

async function withBodies(heads: readonly Head[], reader: BodyReader): Promise<InspectedDocument[]> {
  const found = await reader.read(heads.flatMap(({ stored }) => stored.map(({ place }) => place)));
  let at = 0;
  return heads.map((head) => {
    const bodies = found.slice(at, at + head.stored.length);
    at += head.stored.length;
    return { head, bodies };
  });
}

async function* inspectSegments(
  kv: Kv,
  layout: Layout,
  heads: { readonly named: NumberSet; readonly next: number; readonly allRead: boolean },
): AsyncGenerator<Inspection, void, undefined> {
  let { next } = heads;
  const unnamed = new NumberSet();
  const reclaimable = { segments: 0, bytes: 0 };
  for await (const entries of listPages(kv, { prefix: layout.bodies }, { pageSize: PARTS })) {
    const damages: Damage[] = [];
    for (const { key, value } of entries) {
      const segment = segmentOf(key, layout);
      if (segment === undefined) {
        damages.push({ key, kind: 'unknown', message: 'A record among the bodies is none of the replica' });
        continue;
      }
      next = Math.max(next, segment + 1);
      if (heads.named.has(segment)) continue;
      if (unnamed.add(segment)) reclaimable.segments += 1;
      reclaimable.bytes += value.length;
    }
    yield { documents: [], damages };
  }
  yield { documents: [], damages: [], use: { next, reclaimable: heads.allRead ? reclaimable : undefined } };
}

/** The segment that a key belongs to; undefined for one that no body rests under. */
function segmentOf(key: Key, { bodies }: Layout): number | undefined {
  const [segment, part, ...more] = key.slice(bodies.length);
  return isCount(segment) && isCount(part) && more.length === 0 ? segment : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
