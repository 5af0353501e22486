import { encodeJson } from '../kv/json.ts';
import { packKey } from '../kv/key.ts';
import type { Key } from '../kv/kv.ts';
import { packedText } from '../kv/packed-text.ts';
import { encodeRecord, type JobRecord } from './job-record.ts';
import { keyOf } from './layout.ts';

/** A key of a store and the value that belongs there. */
export type Pair = readonly [Key, Uint8Array];

/** What a commit writes. */
export interface Writes {
  readonly set: readonly Pair[];
  readonly delete: readonly Key[];
}

/** What the record of a job that waits among those that are due says of it. */
export interface ReadyEntry {
  readonly runAt: number;
}

/** What there is of a job beside its record, so that it is found by what it is. A running one has its heartbeat there. */
export function indexRecords(type: string, id: string, record: JobRecord): Pair[] {
  switch (record.state) {
    case 'pending': {
      const { readyAt, runAt, priority } = record;
      if (readyAt === null) return [[keyOf.scheduled(type, runAt, id), NOTHING]];
      return [[keyOf.ready(type, priority, readyAt, id), encodeJson({ runAt } satisfies ReadyEntry)]];
    }
    case 'running': {
      const run: Pair = [keyOf.run(type, id), encodeJson(record.lock)];
      return record.cancelRequested ? [run, [keyOf.cancelling(type, id), NOTHING]] : [run];
    }
    default:
      return [[keyOf.ended(type, record.endedAt ?? 0, id), encodeJson(record.state)]];
  }
}

/**
 * What a commit writes that makes one record of a job of another: the record, what is found by it, and the signals of those
 * who wait. An index record that is right is left alone, as writing a heartbeat is giving one.
 *
 * @param signal a value that no signal has had yet
 */
export function writesOf(
  type: string,
  id: string,
  before: JobRecord | undefined,
  after: JobRecord | undefined,
  signal: Uint8Array,
): Writes {
  if (before === after) return { set: [], delete: [] };
  const old = before === undefined ? [] : indexRecords(type, id, before);
  const now = after === undefined ? [] : indexRecords(type, id, after);
  const [isOld, isNow] = [namesOf(old), namesOf(now)];
  const added = now.filter((pair) => !isOld.has(nameOf(pair)));
  const signals: Pair[] = [];
  if (before?.seq !== after?.seq) signals.push([keyOf.activitySignal(type), signal]);
  if (after?.state === 'pending' && added.length > 0) signals.push([keyOf.queueSignal(type), signal]);
  const job = keyOf.job(type, id);
  return {
    set: [...(after === undefined ? [] : [[job, encodeRecord(after)] as const]), ...added, ...signals],
    delete: [
      ...(after === undefined ? [job] : []),
      ...old.filter((pair) => !isNow.has(nameOf(pair))).map(([key]) => key),
    ],
  };
}

const NOTHING = new Uint8Array();

/** Key and value as one text: a run under another lock is another one, though its key is the same. */
function nameOf([key, value]: Pair): string {
  return `${packedText(packKey(key))}\0${packedText(value)}`;
}

function namesOf(pairs: readonly Pair[]): ReadonlySet<string> {
  return new Set(pairs.map(nameOf));
}
