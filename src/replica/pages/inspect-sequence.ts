import { listPages } from '../../kv/list.ts';
import { isCount } from '../count.ts';
import type { Damage, Inspection } from '../storage.ts';
import { NumberSet } from '../verify/number-set.ts';
import { type BlockPlace, unlessDamaged } from './blocks.ts';
import { findEntries } from './find.ts';
import type { Run } from './run.ts';
import { decodeSequence, type SequencedId, seqOf, sequencedIn } from './sequence.ts';
import type { Workshop } from './workshop.ts';

/** Records that are read together. */
const RECORDS = 16;

/** What the order of changes says. */
export interface InspectedSequence {
  /** How many documents it names the last changes of. */
  readonly holding: number;
  /** Whether a change is there, as the last one of the document that it is of, or may be in a record that cannot be read. */
  readonly has: (seq: number) => boolean;
  /** Changes of all records; undefined where one cannot be read. */
  readonly changes: number | undefined;
  /** Where the changes of long records are. */
  readonly places: readonly BlockPlace[];
}

/**
 * Looks through the order of changes.
 *
 * @param runs in which documents are found; undefined where not all of them can be read, and nothing is said of changes then
 */
export async function* inspectSequence(
  workshop: Workshop,
  runs: readonly Run[] | undefined,
): AsyncGenerator<Inspection, InspectedSequence, undefined> {
  const { kv, layout } = workshop;
  const sequenced = new NumberSet();
  const unknown: { readonly after: number; readonly through: number }[] = [];
  const places: BlockPlace[] = [];
  let changes = 0;
  let holding = 0;
  let last = 0;
  for await (const entries of listPages(kv, { prefix: layout.sequence }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const { key, value } of entries) {
      const seq = key.length === layout.sequence.length + 1 ? seqOf(key, layout) : Number.NaN;
      if (!isCount(seq)) {
        damages.push({ key, kind: 'unknown', message: 'A record among the order of changes is none of the replica' });
        continue;
      }
      const read = await unlessDamaged(() => readRecord(workshop, runs, value));
      if (read === undefined || read.changes.at(-1)?.seq !== seq || !areAfter(read.changes, last)) {
        unknown.push({ after: last, through: seq });
        damages.push({ key, kind: 'sequence', message: 'A record of the order of changes cannot be read' });
      } else {
        for (const change of read.holding) sequenced.add(change.seq);
        holding += read.holding.length;
        changes += read.changes.length;
        places.push(...read.places);
      }
      last = seq;
    }
    yield { documents: [], damages };
  }
  return {
    holding,
    has: (seq) => sequenced.has(seq) || unknown.some(({ after, through }) => seq > after && seq <= through),
    changes: unknown.length > 0 ? undefined : changes,
    places,
  };
}

interface ReadRecord {
  readonly changes: readonly SequencedId[];
  /** Those that are the last of their documents. */
  readonly holding: readonly SequencedId[];
  readonly places: readonly BlockPlace[];
}

async function readRecord(
  { blocks }: Workshop,
  runs: readonly Run[] | undefined,
  value: Uint8Array,
): Promise<ReadRecord> {
  const encoder = new TextEncoder();
  const place = decodeSequence(value);
  const places = Array.isArray(place) ? [] : [place];
  const changes = await sequencedIn(blocks, value);
  if (runs === undefined) return { changes, holding: changes, places };
  const found = await findEntries(
    blocks,
    runs,
    changes.map(({ id }) => encoder.encode(id)),
  );
  const holding = changes.filter(({ seq }, index) => found[index]?.seq === seq);
  return { changes, holding, places };
}

/** Whether changes are in order, and all after another. */
function areAfter(changes: readonly SequencedId[], last: number): boolean {
  return changes.every(({ seq }, index) => seq > (changes[index - 1]?.seq ?? last));
}
