import { compareBytes } from '../../kv/key.ts';
import { fitsOneCommit } from '../commit-size.ts';
import { encodeHead } from '../head.ts';
import { SegmentWriter } from '../segment-writer.ts';
import type { DocumentChange, Mutation, PreparedCommit, StoredRevision } from '../storage.ts';
import { aheadOf } from './ahead.ts';
import { encodeRun, type Run } from './run.ts';
import { RunWriter } from './run-writer.ts';
import { isFullRecord, writeSequence } from './sequence.ts';
import type { Workshop } from './workshop.ts';

const encoder = new TextEncoder();

/** A batch as it is to be committed. */
export interface PreparedBatch {
  readonly commit: Omit<PreparedCommit, 'adopt'>;
  /** Its documents; undefined where it has none. */
  readonly run: Run | undefined;
  /** Bytes of its bodies. */
  readonly bytes: number;
}

/**
 * The records of a batch: a run of pages, segments of bodies, and the order of its changes.
 *
 * @param next the first number that is free: that of the run; segments follow, and then blocks of the order
 */
export function prepareBatch(workshop: Workshop, changes: readonly DocumentChange[], next: number): PreparedBatch {
  const { kv, layout, partBytes, blocks } = workshop;
  const writer = new RunWriter(blocks, next);
  const segments = new SegmentWriter(layout, partBytes, next + 1);
  const bytes = writeDocuments(changes, writer, segments);
  const run = writer.finish();
  const root: Mutation[] = run === undefined ? [] : [[layout.run(next), encodeRun(run)]];
  const bulk = [...segments.take(), ...writer.take()];
  const number = segments.next;
  const short = writeSequence(workshop, changes, { number });
  const fits = fitsOneCommit([...bulk, ...short.blocks, ...short.records], kv.limits);
  // Names have to be in the commit itself: what nothing names is not there.
  const order =
    fits || fitsOneCommit(short.records, kv.limits)
      ? short
      : writeSequence(workshop, changes, { number, isLong: true });
  const ahead = [...bulk, ...order.blocks];
  const end = order.blocks.length > 0 ? number + 1 : number;
  const announced = aheadOf(layout, next, end);
  const growth = {
    bodyBytes: bytes,
    deadBytes: changes.reduce((sum, { dropped }) => sum + lengthOf(dropped), 0),
    sequenced: changes.length,
    sequenceRecords: order.records.filter((record) => !isFullRecord(record)).length,
  };
  const commit = fits
    ? { ahead: [], announced: [], set: [...ahead, ...root, ...order.records], delete: [], next: end, growth }
    : { ahead, announced: [announced], set: [...root, ...order.records], delete: [announced[0]], next: end, growth };
  return { commit, run, bytes };
}

/** Adds documents to a run, in the order of their ids, and their new bodies to segments. The bytes of these. */
function writeDocuments(changes: readonly DocumentChange[], writer: RunWriter, segments: SegmentWriter): number {
  let bytes = 0;
  const entries = changes.map(({ id, seq, tree, kept, added }) => {
    const fresh = added.map(({ body, ...revision }): StoredRevision => {
      const encoded = encoder.encode(body);
      bytes += encoded.length;
      return { ...revision, place: segments.add(encoded) };
    });
    const stored = [...kept, ...fresh];
    return { entry: { id: encoder.encode(id), seq, head: encodeHead({ tree, stored }) }, floor: floorOf(stored) };
  });
  entries.sort((a, b) => compareBytes(a.entry.id, b.entry.id));
  for (const { entry, floor } of entries) writer.add(entry, floor);
  return bytes;
}

/** The lowest segment that some revisions are in. */
function floorOf(stored: readonly StoredRevision[]): number {
  return stored.reduce((least, { place: [segment = 0] }) => Math.min(least, segment), Number.POSITIVE_INFINITY);
}

function lengthOf(stored: readonly StoredRevision[]): number {
  return stored.reduce((sum, { place: [, , length = 0] }) => sum + length, 0);
}
