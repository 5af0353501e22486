import type { DatabaseInfo } from '../../couch/database.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';

/** What is remembered of a source, so as to tell later whether it still is the same database. */
export interface SourceMark {
  /** Up to where it has been read. */
  readonly seq: Sequence;
  /** When it was created, where that is known. */
  readonly created?: string | undefined;
}

/**
 * What has become of a source: `recreated`, another database has taken its place; `rewound`, it ends before the position up to
 * which it has been read, as one does that was restored from a backup. Either way what was read there says nothing of what
 * is there now.
 */
export type SourceFate = 'same' | 'recreated' | 'rewound';

/**
 * Compares what is remembered of a source with what it says now. Another time of creation is another database, and so are
 * sequences of another form, as after a change of servers.
 *
 * The number in a sequence of CouchDB is the sum of what its shards count. Where copies of a shard count differently, as in
 * a cluster that has lost a node, a source may seem rewound that is not: its rows are then read again for nothing.
 */
export function fateOf({ seq, created }: SourceMark, info: DatabaseInfo): SourceFate {
  const createdNow = creationOf(info);
  if (created !== undefined && createdNow !== undefined && created !== createdNow) return 'recreated';
  if (formOf(seq) !== formOf(info.updateSeq)) return 'recreated';
  return goesBack(seq, info.updateSeq) ? 'rewound' : 'same';
}

/**
 * When a database was created, as its server puts it: CouchDB does so from 3.3 on. Before, `instance_start_time` was always 0; in
 * 1.x and in PouchDB's server, whose sequences are plain numbers, it is the start of a process.
 */
export function creationOf({ instanceStartTime, updateSeq }: DatabaseInfo): string | undefined {
  return formOf(updateSeq) === 'shards' && instanceStartTime !== '0' ? instanceStartTime : undefined;
}

/** Whether a sequence comes before another one, as far as can be told from their numbers. */
export function goesBack(from: Sequence, to: Sequence): boolean {
  const [before, after] = [numberOf(from), numberOf(to)];
  return before !== undefined && after !== undefined && after < before;
}

/** Whether sequences are plain numbers: one of a database then also means something in another that took its place. */
export function isPlain(sequence: Sequence): boolean {
  return formOf(sequence) === 'plain';
}

/** `shards` is CouchDB's `12-…`, `plain` a number, be it as text because it is large; `array` that of BigCouch. */
function formOf(sequence: Sequence): 'shards' | 'plain' | 'array' | 'unknown' {
  if (typeof sequence === 'number') return 'plain';
  if (typeof sequence !== 'string') return 'array';
  if (/^\d+$/.test(sequence)) return 'plain';
  return /^\d+-/.test(sequence) ? 'shards' : 'unknown';
}

function numberOf(sequence: Sequence): number | undefined {
  const first: unknown = Array.isArray(sequence) ? sequence[0] : sequence;
  if (typeof first === 'number') return first;
  const digits = typeof first === 'string' ? /^\d+(?=-|$)/.exec(first) : null;
  return digits === null ? undefined : Number(digits[0]);
}
