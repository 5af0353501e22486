import { listPages } from '../../kv/list.ts';
import { isCount } from '../count.ts';
import { decodeHead } from '../head.ts';
import type { BodyPlace, Damage, Head, InspectedDocument, Inspection } from '../storage.ts';
import { NumberSet } from '../verify/number-set.ts';
import { tryDecode } from '../verify/try-decode.ts';
import type { BlockPlace } from './blocks.ts';
import { inspectJobs, inspectUnused, unknown } from './inspect-rest.ts';
import { EVERYTHING, inspectRun, isUnsure, type RunDamage, type UnsureDocuments } from './inspect-run.ts';
import { inspectSequence } from './inspect-sequence.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import { decodeRun, type Run } from './run.ts';
import type { Workshop } from './workshop.ts';

/** How much of bodies is read together. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Of how many documents: each may bring a whole segment along. */
const STEP_DOCUMENTS = 100;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Looks through everything that `PageStorage` keeps: the runs with their pages, the documents in the order of their ids, each with its
 * bodies, the order of changes, the jobs that are under way, and which records of bodies and pages nothing names.
 *
 * Each damage is told once: of documents that may be newer in a page which cannot be read, nothing is told but that.
 *
 * Memory: one step, and one bit for each change and each record of bodies. Time: bodies are read in the order of ids, so that a record of
 * them is read once for every step that has documents in it, and all once more.
 *
 * @throws StoreError `newer` for a tree that only a newer couchtide can read
 */
export async function* inspectPages(workshop: Workshop): AsyncGenerator<Inspection, void, undefined> {
  const found = yield* inspectRuns(workshop);
  const isSound = found.unsure.length === 0;
  const documents = yield* inspectDocuments(workshop, found);
  const sequence = yield* inspectSequence(workshop, isSound ? found.runs : undefined);
  let isComplete = sequence.changes !== undefined;
  if (isSound && sequence.holding < documents.count) {
    for await (const heads of headsOf(workshop, found)) {
      const missing = heads.filter(({ seq }) => !sequence.has(seq));
      if (missing.length > 0) isComplete = false;
      yield { documents: [], damages: missing.map(({ id }) => notSequenced(id, workshop)) };
    }
  }
  const outputs = yield* inspectJobs(workshop, found.runs);
  const use = { runs: found.runs, bodies: documents.bodies, places: sequence.places, outputs };
  const { next, ...unused } = yield* inspectUnused(workshop, use);
  yield {
    documents: [],
    damages: [],
    use: {
      next: Math.max(next, documents.next, ...found.runs.map(({ number }) => number + 1)),
      bytes: isSound ? documents.bytes : undefined,
      sequenced: isComplete ? sequence.changes : undefined,
      reclaimable: isSound && sequence.changes !== undefined ? unused : undefined,
    },
  };
}

interface InspectedRuns {
  /** Those that can be used, if only in part. */
  readonly runs: readonly Run[];
  /** Pages and nodes that cannot be used. */
  readonly damaged: readonly BlockPlace[];
  readonly unsure: readonly UnsureDocuments[];
}

async function* inspectRuns(workshop: Workshop): AsyncGenerator<Inspection, InspectedRuns, undefined> {
  const { kv, layout } = workshop;
  const runs: Run[] = [];
  const found: RunDamage[] = [];
  for await (const entries of listPages(kv, { prefix: layout.runs })) {
    const damages: Damage[] = [];
    for (const { key, value } of entries) {
      const [number, ...more] = key.slice(layout.runs.length);
      if (!isCount(number) || more.length > 0) {
        damages.push(unknown(key, 'runs'));
        continue;
      }
      const run = tryDecode((bytes) => decodeRun(number, bytes), value);
      if (run !== undefined) runs.push(run);
      else {
        const message = 'The index of a part of the documents cannot be read';
        found.push({ damage: { key, kind: 'document', message }, unsure: EVERYTHING });
      }
    }
    yield { documents: [], damages };
  }
  for (const run of runs) for await (const damage of inspectRun(workshop, run)) found.push(damage);
  yield { documents: [], damages: found.map(({ damage }) => damage) };
  return {
    runs,
    damaged: found.flatMap(({ place }) => (place === undefined ? [] : [place])),
    unsure: found.map(({ unsure }) => unsure),
  };
}

interface InspectedDocuments {
  readonly count: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
  /** The records of bodies that they name. */
  readonly bodies: NumberSet;
  /** The first number after these. */
  readonly next: number;
}

async function* inspectDocuments(
  workshop: Workshop,
  found: InspectedRuns,
): AsyncGenerator<Inspection, InspectedDocuments, undefined> {
  const bodies = new NumberSet();
  let [count, bytes, next] = [0, 0, 0];
  for await (const heads of headsOf(workshop, found)) {
    count += heads.length;
    for (const { place } of heads.flatMap(({ stored }) => stored)) {
      bytes += bytesOf(place);
      for (const number of workshop.bodies.recordsOf(place)) {
        bodies.add(number);
        next = Math.max(next, number + 1);
      }
    }
    for (const step of cutSteps(heads)) yield { documents: await withBodies(step, workshop), damages: [] };
  }
  return { count, bytes, bodies, next };
}

/** The documents of which it is sure that this is what they are. */
async function* headsOf(
  { blocks }: Workshop,
  { runs, damaged, unsure }: InspectedRuns,
): AsyncGenerator<readonly Head[], void, undefined> {
  const isLeftOut = ({ run, block }: BlockPlace): boolean =>
    damaged.some((place) => place.run === run && place.block === block);
  for await (const entries of mergedEntries(blocks, runs, { isLeftOut })) {
    yield entries.filter(({ id }) => !unsure.some((documents) => isUnsure(id, documents))).map(headOf);
  }
}

function headOf({ id, seq, head }: PageEntry): Head {
  return { id: decoder.decode(id), seq, ...decodeHead(head) };
}

function notSequenced(id: string, { layout }: Workshop): Damage {
  const message = 'The order of changes does not name the last change of the document';
  return { key: layout.sequence, kind: 'sequence', id, message };
}
/** Documents in parts whose bodies can be held together. */
function* cutSteps(heads: readonly Head[]): Generator<readonly Head[], void, undefined> {
  let step: Head[] = [];
  let bytes = 0;
  for (const head of heads) {
    const more = head.stored.reduce((sum, { place }) => sum + bytesOf(place), 0);
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

function bytesOf([, , length = 0]: BodyPlace): number {
  return Math.max(0, length);
}
