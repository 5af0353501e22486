import { InputError, isStoreError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson } from '../../kv/json.ts';
import { list } from '../../kv/list.ts';
import type { DocumentStorage, Head } from '../storage.ts';
import { type Difference, differenceOf, differenceProblems } from './difference.ts';
import type { VerifyEvent, VerifyProblem } from './event.ts';
import { NumberSet } from './number-set.ts';
import type { VerifySubject } from './subject.ts';
import type { VerifyTally } from './tally.ts';
import { tryDecode } from './try-decode.ts';

/** A database that a replica can be held against: `couch.db(url)` is one. */
export interface VerifySource {
  /** Its url, without credentials. */
  readonly url: string;
  /** Its changes feed, up to the moment of the request. */
  changes(options: VerifyFeedOptions): { batches(): AsyncIterable<readonly VerifyFeedEvent[]> };
}

/** What the changes feed of a {@link VerifySource} is asked for. */
export interface VerifyFeedOptions {
  readonly style: 'all_docs';
  /** After which position; from the beginning by default. */
  readonly since?: VerifySequence;
  /** Only these documents, at most 1,000. */
  readonly docIds?: readonly string[];
  /** So many rows may come to one with a sequence. */
  readonly seqInterval?: number;
  readonly signal?: AbortSignal;
}

/** A position in the changes feed of a {@link VerifySource}. */
export type VerifySequence = string | number | readonly unknown[];

/** What the changes feed of a {@link VerifySource} tells. */
export type VerifyFeedEvent = VerifyFeedRow | { readonly type: 'idle' | 'end' };

/** A document of a {@link VerifySource} with its leaf revisions. */
export interface VerifyFeedRow {
  readonly type: 'row';
  /** Null where the source left it out. */
  readonly seq: VerifySequence | null;
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
}

/** How a replica is held against its source. */
export interface Comparison {
  readonly source: VerifySource;
  /** Whether documents of the source that are not here are left out on purpose. */
  readonly partial: boolean;
  /** How many documents there may be. */
  readonly expected: number | undefined;
  readonly signal: AbortSignal;
}

/** Rows that are looked up in the replica together, and the most of them where a source gives no sequences. */
const STEP = 500;
const LONGEST_STEP = 10 * STEP;
/** Every so many rows have a sequence, which costs the source work and bytes. */
const SEQUENCE_INTERVAL = 100;
/** Differences about which the source is asked together: CouchDB looks up each of so many ids, and of more none. */
const MOST_DIFFERENCES = 1000;

/**
 * Holds every row of the changes feed of a source against the leaf revisions of the replica.
 *
 * Nothing can be said about which of two sequences is the later one. So where documents differ, the source is asked which
 * of them have changed since the checkpoint, up to a thousand at once: those are newer there, and no problem.
 *
 * Requests: one, and one for every thousand documents that differ. Memory: a few steps, and the result.
 *
 * @returns the documents of the replica that the source has: their places in the order of local changes, which take one bit
 *   each where ids would take hundreds. All others are unknown to the source.
 * @throws InputError when the replica was not pulled from there
 */
export async function* compareWithSource(
  subject: VerifySubject,
  { source, partial, expected, signal }: Comparison,
  tally: VerifyTally,
): AsyncGenerator<readonly VerifyEvent[], NumberSet, undefined> {
  const checkpoints = await checkpointsOf(subject, source.url);
  const named = new NumberSet();
  const differences: Difference[] = [];
  let documents = 0;
  let newer = 0;
  const judge = async (judged: readonly Difference[]): Promise<VerifyProblem[]> => {
    const changed = await changedSince(checkpoints, source, judged, signal);
    const problems: VerifyProblem[] = [];
    for (const difference of judged) {
      if (changed.has(difference.id)) newer += 1;
      else problems.push(...(await differenceProblems(subject, difference)));
    }
    return problems;
  };
  for await (const rows of readRows(source, signal)) {
    const heads = await readHeads(subject.storage, [...rows.keys()]);
    for (const [id, revs] of rows) {
      const head = heads.get(id);
      if (head === 'damaged' || (partial && head === undefined)) continue;
      if (head !== undefined) named.add(head.seq);
      const difference = differenceOf(id, revs, head);
      if (difference !== undefined) differences.push(difference);
    }
    while (differences.length >= MOST_DIFFERENCES) yield await judge(differences.splice(0, MOST_DIFFERENCES));
    documents += rows.size;
    yield [{ type: 'progress', part: 'source', documents, expected }];
  }
  if (differences.length > 0) yield await judge(differences);
  tally.source = { documents, newer };
  return named;
}

/** Where the pulls from a database stand. */
async function checkpointsOf({ kv, layout }: VerifySubject, url: string): Promise<VerifySequence[]> {
  const found: VerifySequence[] = [];
  for await (const { value } of list(kv, { prefix: layout.checkpoints })) {
    const checkpoint = tryDecode(decodeJson, value);
    if (!isJsonObject(checkpoint)) continue;
    const { source, seq } = checkpoint;
    if (typeof source === 'string' && placeOf(source) === placeOf(url) && isSequence(seq)) found.push(seq);
  }
  if (found.length > 0) return found;
  throw new InputError(
    `The replica ${JSON.stringify(layout.name)} has no checkpoint of ${url}; name the database that it was pulled from`,
  );
}

/** Host, port and path: a database stays the same where another scheme leads to it. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function isSequence(value: unknown): value is VerifySequence {
  return typeof value === 'string' || typeof value === 'number' || Array.isArray(value);
}

/**
 * The documents of a source with their leaf revisions, in steps that end at rows with a sequence. A feed that broke off goes
 * on after the last one of those, so that no document comes again in a later step unless it has changed.
 */
async function* readRows(
  source: VerifySource,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, readonly string[]>, void, undefined> {
  let step = new Map<string, readonly string[]>();
  for await (const events of source.changes({ style: 'all_docs', seqInterval: SEQUENCE_INTERVAL, signal }).batches()) {
    for (const event of events) {
      // Some servers invent rows beside those of documents.
      if (event.type !== 'row' || (event.id.startsWith('_') && !event.id.startsWith('_design/'))) continue;
      step.set(
        event.id,
        event.changes.map(({ rev }) => rev),
      );
      if (step.size < (event.seq === null ? LONGEST_STEP : STEP)) continue;
      yield step;
      step = new Map();
    }
  }
  yield step;
}

/** What is known of some documents: those that cannot be read are told where they are looked at one by one. */
async function readHeads(
  storage: DocumentStorage,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Head | 'damaged' | undefined>> {
  try {
    const heads = await storage.heads(ids);
    return new Map(ids.map((id, index) => [id, heads[index]]));
  } catch (error) {
    if (!isStoreError(error) || error.failure !== 'corrupt') throw error;
    if (ids.length === 1) return new Map(ids.map((id) => [id, 'damaged']));
    const half = Math.ceil(ids.length / 2);
    return new Map([...(await readHeads(storage, ids.slice(0, half))), ...(await readHeads(storage, ids.slice(half)))]);
  }
}

/** Which of some documents have changed at the source after one of some positions. */
async function changedSince(
  positions: readonly VerifySequence[],
  source: VerifySource,
  documents: readonly { readonly id: string }[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const changed = new Set<string>();
  const docIds = documents.map(({ id }) => id);
  for (const since of positions) {
    for await (const events of source.changes({ style: 'all_docs', since, docIds, signal }).batches()) {
      for (const event of events) if (event.type === 'row') changed.add(event.id);
    }
  }
  return changed;
}
