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
  /** Where a look-up ends; any other reading ends with the last change. */
  readonly #lookupEnd: number | undefined;
  readonly #documents: Iterator<StoredDocument>;
  #last: number;
  #left: number;
  #next: StoredDocument | undefined;
  #isComplete = false;

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
    this.#last = start;
    this.#left = descending ? shard.countAfter(0) - shard.countAfter(start) : shard.countAfter(start);
    if (candidates === undefined) {
      this.#documents = changes(shard, start, descending);
    } else {
      this.#lookupEnd = shard.sequence;
      this.#documents = lookUp(candidates, start, descending);
    }
    this.#advance();
  }

  /** The document that comes next. */
  get next(): StoredDocument | undefined {
    return this.#next;
  }

  /** Whether it has told everything, its end too. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The sequence that is covered when it tells what comes next: a change, or its end. */
  get upcoming(): number {
    return this.#next?.sequence ?? this.#lookupEnd ?? this.#last;
  }

  /** How many changes are left. */
  get left(): number {
    return this.#left;
  }

  /** Takes the next document: it is covered from now on. */
  take(): void {
    if (this.#next === undefined) return;
    this.#last = this.#next.sequence;
    this.position = { sequence: this.#last, uuid: this.#uuid };
    this.#left -= 1;
    this.#advance();
  }

  /**
   * Tells its end. What has changed again since the reading began is not pending any more, unless documents were only
   * looked up.
   */
  complete(): void {
    this.#isComplete = true;
    this.position = { sequence: this.#lookupEnd ?? this.#last, uuid: this.#uuid };
    this.pending = this.#lookupEnd === undefined ? 0 : this.#left;
  }

  /** Tells its end when nobody wants rows any more: only what is left counts then. */
  count(): void {
    this.#isComplete = true;
    this.pending ??= this.#left;
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
