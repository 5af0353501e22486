import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson } from '../../kv/json.ts';
import type { Entry, Key } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { decodeHead } from '../head.ts';
import { NumberSet } from '../number-set.ts';
import type { Damage, Head, InspectedDocument, Inspection } from '../storage.ts';
import { tryDecode } from '../try-decode.ts';
import type { BlockPlace } from './blocks.ts';
import { findEntries } from './find.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import { decodeRun, type Run } from './run.ts';
import { decodeSequence } from './sequence.ts';
import type { Workshop } from './workshop.ts';

/** How much of bodies is read together. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Of how many documents: each may bring a whole segment along. */
const STEP_DOCUMENTS = 100;
/** Records of bodies and pages that are read together, each of half a megabyte at most. */
const RECORDS = 16;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Looks through everything that `PageStorage` keeps: runs, the order of changes, the documents in the order of their ids, each with its
 * bodies, and then which records of bodies and pages nothing names.
 *
 * Memory: one step, and one bit for each change and each record of bodies. Time: bodies are read in the order of ids, so that a record of
 * them is read once for every step that has documents in it, and all once more.
 *
 * @throws StoreError `newer` for a tree that only a newer couchtide can read
 */
export async function* inspectPages(workshop: Workshop): AsyncGenerator<Inspection, void, undefined> {
  const { blocks, layout } = workshop;
  const found = yield* inspectRuns(workshop);
  const { runs } = found;
  const sequenced = yield* inspectSequence(workshop, runs);
  const named = new NumberSet();
  let next = runs.reduce((highest, { number }) => Math.max(highest, number + 1), 0);
  let allRead = found.allRead;
  const damages: Damage[] = [];
  const onDamage = ({ run, block }: BlockPlace): void => {
    allRead = false;
    damages.push({ key: layout.block(run, block), kind: 'document', message: 'A page of documents cannot be read' });
  };
  for await (const entries of mergedEntries(blocks, runs, { onDamage })) {
    const heads: Head[] = [];
    for (const entry of entries) {
      const head = readHead(entry);
      if ('damage' in head) {
        allRead = false;
        damages.push({ key: layout.runs, kind: 'document', ...head.damage });
        continue;
      }
      if (!sequenced.has(head.seq)) {
        const message = 'The order of changes does not name the last change of the document';
        damages.push({ key: layout.sequence, kind: 'sequence', id: head.id, message });
      }
      heads.push(head);
    }
    for (const { stored } of heads) {
      for (const { place } of stored) {
        for (const number of workshop.bodies.recordsOf(place)) {
          named.add(number);
          next = Math.max(next, number + 1);
        }
      }
    }
    if (damages.length > 0) yield { documents: [], damages: damages.splice(0) };
    for (const step of cutSteps(heads)) yield { documents: await withBodies(step, workshop), damages: [] };
  }
  if (damages.length > 0) yield { documents: [], damages };
  yield* inspectRest(workshop, { runs, named, next, allRead });
}

async function* inspectRuns({
  kv,
  layout,
}: Workshop): AsyncGenerator<Inspection, { runs: Run[]; allRead: boolean }, undefined> {
  const runs: Run[] = [];
  let allRead = true;
  for await (const entries of listPages(kv, { prefix: layout.runs })) {
    const damages: Damage[] = [];
    for (const { key, value } of entries) {
      const number = numberOf(key, layout.runs);
      const run = number === undefined ? undefined : tryDecode((bytes) => decodeRun(number, bytes), value);
      if (run !== undefined) {
        runs.push(run);
        continue;
      }
      allRead = false;
      damages.push(
        number === undefined
          ? unknown(key, 'runs')
          : { key, kind: 'document', message: 'The index of a part of the documents cannot be read' },
      );
    }
    yield { documents: [], damages };
  }
  return { runs, allRead };
}

/** Which changes of documents, being their last, are in the order of changes. */
async function* inspectSequence(
  { kv, layout, blocks }: Workshop,
  runs: readonly Run[],
): AsyncGenerator<Inspection, NumberSet, undefined> {
  const encoder = new TextEncoder();
  const sequenced = new NumberSet();
  // Lookups fail as a whole where pages are damaged; that is told of the documents, and nothing can be said here.
  for await (const entries of listPages(kv, { prefix: layout.sequence }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const { key, value } of entries) {
      const changes = isSequenceKey(key, layout.sequence) ? tryDecode(decodeSequence, value) : undefined;
      if (changes === undefined) {
        damages.push({ key, kind: 'sequence', message: 'A record of the order of changes cannot be read' });
        continue;
      }
      const ids = changes.map(({ id }) => encoder.encode(id));
      const found = await findSound(blocks, runs, ids);
      for (const [index, { seq }] of changes.entries()) {
        if (found === undefined || found[index]?.seq === seq) sequenced.add(seq);
      }
    }
    yield { documents: [], damages };
  }
  return sequenced;
}

async function findSound(
  blocks: Workshop['blocks'],
  runs: readonly Run[],
  ids: readonly Uint8Array[],
): Promise<(PageEntry | undefined)[] | undefined> {
  try {
    return await findEntries(blocks, runs, ids);
  } catch {
    return undefined;
  }
}

function readHead({ id, seq, head }: PageEntry): Head | { damage: { id?: string; message: string } } {
  const name = tryText(id);
  const decoded = tryDecode(decodeHead, head);
  if (name !== undefined && decoded !== undefined && Number.isSafeInteger(seq) && seq > 0)
    return { id: name, seq, ...decoded };
  return {
    damage: { ...(name === undefined ? {} : { id: name }), message: 'The record of the document cannot be read' },
  };
}

function tryText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
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

async function withBodies(heads: readonly Head[], { bodies }: Workshop): Promise<InspectedDocument[]> {
  const found = await bodies.read(heads.flatMap(({ stored }) => stored.map(({ place }) => place)));
  let at = 0;
  return heads.map((head) => {
    const own = found.slice(at, at + head.stored.length);
    at += head.stored.length;
    return { head, bodies: own };
  });
}

interface Findings {
  readonly runs: readonly Run[];
  /** Records of bodies that documents name. */
  readonly named: NumberSet;
  readonly next: number;
  readonly allRead: boolean;
}

/** Records of bodies and pages, to see which of them nothing names, and of upkeep. */
async function* inspectRest(
  { kv, layout }: Workshop,
  { runs, named, next, allRead }: Findings,
): AsyncGenerator<Inspection, void, undefined> {
  const blocksOf = new Map(runs.map(({ number, blocks }) => [number, blocks]));
  const reclaimable = { records: 0, bytes: 0 };
  const count = (isNamed: boolean, { value }: Entry): void => {
    if (isNamed) return;
    reclaimable.records += 1;
    reclaimable.bytes += value.length;
  };
  let highest = next;
  for await (const entries of listPages(kv, { prefix: layout.bodies }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const entry of entries) {
      const number = numberOf(entry.key, layout.bodies);
      if (number === undefined) {
        damages.push(unknown(entry.key, 'bodies'));
        continue;
      }
      highest = Math.max(highest, number + 1);
      count(named.has(number), entry);
    }
    yield { documents: [], damages };
  }
  for await (const entries of listPages(kv, { prefix: layout.blocks }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const entry of entries) {
      const [run, number, ...more] = entry.key.slice(layout.blocks.length);
      if (!isCount(run) || !isCount(number) || more.length > 0) damages.push(unknown(entry.key, 'pages'));
      else count(number < (blocksOf.get(run) ?? 0), entry);
    }
    yield { documents: [], damages };
  }
  for await (const entries of listPages(kv, { prefix: layout.upkeep })) {
    const broken = entries.filter(({ value }) => !isJsonObject(tryDecode(decodeJson, value)));
    yield { documents: [], damages: broken.map(({ key }) => unknown(key, 'jobs of upkeep')) };
  }
  yield { documents: [], damages: [], use: { next: highest, reclaimable: allRead ? reclaimable : undefined } };
}

function unknown(key: Key, place: string): Damage {
  return { key, kind: 'unknown', message: `A record among the ${place} is none of the replica` };
}

/** The number under which a record stands; undefined for a key that is none of the replica. */
function numberOf(key: Key, area: Key): number | undefined {
  const [number, ...more] = key.slice(area.length);
  return isCount(number) && more.length === 0 ? number : undefined;
}

function isSequenceKey(key: Key, area: Key): boolean {
  const parts = key.slice(area.length);
  return parts.length === 2 && parts.every(isCount);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
