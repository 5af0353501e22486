import { StoreError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Entry, Key, Kv } from '../../kv/kv.ts';
import { isCount } from '../count.ts';
import { decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import { type BlockPlace, type Blocks, MissingBlock } from './blocks.ts';

/** A document and a change of it. It holds as long as the document has not changed again. */
export interface SequencedId {
  readonly seq: number;
  readonly id: string;
}

/** A record of the order of local changes is closed when it has reached this length, in UTF-16 units of JSON. */
const RECORD = 16 * 1024;
/** The same of records whose changes are in blocks, and how many of these one batch has about. */
const LONG_RECORD = 64 * 1024;
const MOST_LONG = 256;
/** Records that are read together. */
const PAGE = 16;

/** With it begins what is a place. */
const BRACE = 0x7b;

const encoder = new TextEncoder();

/** The order of some changes as it is to be written. */
export interface WrittenSequence {
  /** Each under the number of its last change. */
  readonly records: readonly Mutation[];
  /** Blocks that records name which are too long to hold their changes. */
  readonly blocks: readonly Mutation[];
}

/**
 * The order of local changes as records, each with many changes: `[[seq, id]…]`, or as the place of blocks that say so.
 *
 * @param number of the blocks, and `block` that of the first of them there: nothing else may be under these
 * @param isLong whether all changes go into blocks, so that what stands in records is little
 */
export function writeSequence(
  { layout, blocks }: SequenceStore,
  changes: readonly SequencedId[],
  {
    number,
    block = 0,
    isLong = false,
  }: { readonly number: number; readonly block?: number; readonly isLong?: boolean },
): WrittenSequence {
  const longest = isLong ? 0 : Math.min(4 * RECORD, blocks.partBytes);
  const records: Mutation[] = [];
  const written: Mutation[] = [];
  for (const { last, text } of cut(changes, isLong)) {
    const bytes = encoder.encode(text);
    if (bytes.length <= longest) {
      records.push([layout.sequenced(last), bytes]);
      continue;
    }
    const place = { run: number, block: block + written.length, bytes: bytes.length };
    written.push(...blocks.records(number, place.block, bytes));
    records.push([layout.sequenced(last), encodeJson(place)]);
  }
  return { records, blocks: written };
}

/** Parts that are closed when they have reached their length. */
function* cut(changes: readonly SequencedId[], isLong: boolean): Generator<{ last: number; text: string }> {
  const texts = changes.map(({ seq, id }) => JSON.stringify([seq, id]));
  const total = texts.reduce((sum, { length }) => sum + length, 0);
  const most = isLong ? Math.max(LONG_RECORD, total / MOST_LONG) : RECORD;
  let from = 0;
  let length = 0;
  for (const [index, { seq }] of changes.entries()) {
    length += texts[index]?.length ?? 0;
    const next = texts[index + 1];
    if (next !== undefined && length + next.length <= most) continue;
    yield { last: seq, text: `[${texts.slice(from, index + 1).join(',')}]` };
    from = index + 1;
    length = 0;
  }
}

/** Whether a record is large enough to stay as it is. */
export function isFullRecord([, value]: Mutation): boolean {
  return value.length >= RECORD / 2 || value[0] === BRACE;
}

/**
 * The changes of a record, or the place where they are.
 *
 * @throws StoreError (`corrupt`) when the bytes are no such record
 */
export function decodeSequence(bytes: Uint8Array): SequencedId[] | BlockPlace {
  const value = decodeJson(bytes);
  if (isJsonObject(value)) {
    const { run, block, bytes: length } = value;
    if (!isCount(run) || !isCount(block) || !isCount(length)) throw damaged();
    return { run, block, bytes: length };
  }
  if (!Array.isArray(value)) throw damaged();
  return value.map((change: unknown) => {
    const [seq, id]: unknown[] = Array.isArray(change) ? change : [];
    if (!isCount(seq) || typeof id !== 'string') throw damaged();
    return { seq, id };
  });
}

/**
 * The changes of a record, wherever they are.
 *
 * @throws StoreError (`corrupt`) when they cannot be read
 * @throws MissingBlock when they are not there
 */
export async function sequencedIn(blocks: Blocks, value: Uint8Array): Promise<readonly SequencedId[]> {
  const found = decodeSequence(value);
  if (Array.isArray(found)) return found;
  const [bytes = new Uint8Array()] = await blocks.read([found]);
  const changes = decodeSequence(bytes);
  if (!Array.isArray(changes)) throw damaged();
  return changes;
}

/** What reading the order of changes needs. */
export interface SequenceStore {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly blocks: Blocks;
}

/**
 * The changes after one, in order, a record at a time. Of some it can turn out that they do not hold any more.
 *
 * Records may be written anew meanwhile, with other changes at their ends: each page begins after what was told, wherever
 * that is now, and so every change that holds is told, once.
 */
export async function* readSequence(
  store: SequenceStore,
  since: number,
): AsyncGenerator<readonly SequencedId[], void, undefined> {
  const { kv, layout } = store;
  const prefix = layout.sequence;
  for (let told = since, isOver = false; !isOver; ) {
    const { entries, next } = await kv.page({ prefix, from: layout.sequenced(told + 1) }, { limit: PAGE });
    isOver = next === undefined;
    if (entries.length === 0 && next !== undefined) told = seqOf(next, layout) - 1;
    for (const entry of entries) {
      const changes = await unlessReplaced(store, entry);
      if (changes === undefined) {
        isOver = false;
        break;
      }
      const fresh = changes.filter(({ seq }) => seq > told);
      told = Math.max(told, seqOf(entry.key, layout));
      if (fresh.length > 0) yield fresh;
    }
  }
}

/** The last change of the record of a key. */
export function seqOf(key: Key, { sequence }: Layout): number {
  return Number(key[sequence.length]);
}

/**
 * The changes of a record; undefined when it has been replaced meanwhile.
 *
 * @throws StoreError `corrupt` when they cannot be read, `missing` when the replica has been destroyed
 */
async function unlessReplaced(
  { kv, layout, blocks }: SequenceStore,
  { key, value, version }: Entry,
): Promise<readonly SequencedId[] | undefined> {
  try {
    return await sequencedIn(blocks, value);
  } catch (error) {
    if (!(error instanceof MissingBlock)) throw error;
    const [counter, now] = await kv.read([layout.counter, key]);
    decodeCounter(counter, layout.name);
    if (now?.version === version) throw damaged({ cause: error });
    return undefined;
  }
}

function damaged(options?: ErrorOptions): StoreError {
  return new StoreError(
    'The replica is damaged: the order of its changes cannot be read; pull it into a new replica',
    'corrupt',
    options,
  );
}
