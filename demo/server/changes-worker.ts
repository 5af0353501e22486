import type { Database } from './database.ts';
import type { StoredDocument } from './document.ts';
import { type Position, type ShardPosition, startOf } from './sequence.ts';
import type { Shard } from './shard.ts';

/** Reads the changes of one shard, up to where it was when the reading began. */
export class ChangesWorker {
  /** The index of the shard. */
  readonly shard: number;
  /** What the changes taken so far cover. */
  position: ShardPosition;
  /** How many changes are left, as far as the client is to know; unknown until the worker has told of one. */
  pending: number | undefined;
  readonly #uuid: string;
  readonly #end: ShardPosition;
  readonly #isLookup: boolean;
  readonly #documents: Iterator<StoredDocument>;
  #left: number;
  #next: StoredDocument | undefined;

  /**
   * @param candidates the few documents to look up instead of reading all changes; only they are counted off what is left
   */
  constructor(
    database: Database,
    position: Position,
    index: number,
    descending: boolean,
    candidates: readonly StoredDocument[] | undefined,
  ) {
    const shard = database.shards[index];
    if (shard === undefined) throw new RangeError(`No shard ${index}`);
    const start = startOf(database, position, index);
    this.shard = index;
    this.position = position[index] ?? { sequence: 0, uuid: '' };
    this.#uuid = shard.uuid;
    this.#end = { sequence: descending ? 0 : shard.sequence, uuid: shard.uuid };
    this.#left = descending ? shard.countAfter(0) - shard.countAfter(start) : shard.countAfter(start);
    this.#isLookup = candidates !== undefined;
    this.#documents =
      candidates === undefined ? changes(shard, start, descending) : lookUp(candidates, start, descending);
    this.#advance();
  }

  /** The document that comes next. */
  get next(): StoredDocument | undefined {
    return this.#next;
  }

  /** How many changes are left. */
  get left(): number {
    return this.#left;
  }

  /** Takes the next document: it is covered from now on. */
  take(): void {
    if (this.#next === undefined) return;
    this.position = { sequence: this.#next.sequence, uuid: this.#uuid };
    this.#left -= 1;
    this.#advance();
  }

  /** Everything was taken. What was changed again since then is not pending any more, but was never looked at in a look-up. */
  complete(): void {
    this.position = this.#end;
    this.pending = this.#isLookup ? this.#left : 0;
  }

  #advance(): void {
    const { value, done } = this.#documents.next();
    this.#next = done ? undefined : value;
  }
}

function* changes(shard: Shard, start: number, descending: boolean): Generator<StoredDocument> {
  const end = descending ? 0 : shard.sequence;
  const step = descending ? -1 : 1;
  for (let sequence = descending ? start : start + 1; descending ? sequence > end : sequence <= end; sequence += step) {
    const document = shard.at(sequence);
    if (document !== undefined) yield document;
  }
}

function lookUp(documents: readonly StoredDocument[], start: number, descending: boolean): Iterator<StoredDocument> {
  return documents
    .filter(({ sequence }) => (descending ? sequence <= start : sequence > start))
    .sort((a, b) => (descending ? b.sequence - a.sequence : a.sequence - b.sequence))
    .values();
}
