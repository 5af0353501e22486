import type { Database } from './database.ts';
import type { StoredDocument } from './document.ts';
import { quoteJson } from './json.ts';
import { formatSequence, type Position, type ShardPosition, startOf } from './sequence.ts';
import type { Shard } from './shard.ts';

/** Which revisions of a document a feed tells; none when the document does not pass. */
export interface ChangesFilter {
  revisions(document: StoredDocument): readonly string[];
  /**
   * The few documents that can pass, where that is known beforehand. They are looked up instead of reading all changes,
   * and only they are counted off what is pending, as CouchDB does it.
   */
  readonly candidates?: (database: Database) => readonly StoredDocument[];
}

/** Says which of the shards with a row left gives the next one: each with the sequence of that row. */
export type ChooseShard = (rows: readonly { readonly shard: number; readonly sequence: number }[]) => number;

/** How changes are read. */
export interface ReadOptions {
  readonly descending: boolean;
  readonly filter: ChangesFilter;
  /** Only every so many rows carry a sequence. */
  readonly sequenceInterval: number;
  /** The text of a document to show in its row, where documents are shown. */
  readonly show: ((document: StoredDocument) => string) | undefined;
  readonly choose: ChooseShard;
}

/** A row of the feed, and its sequence as JSON text. */
export interface ChangeRow {
  readonly text: string;
  readonly sequence: string;
}

/**
 * One pass over the changes of a database: a worker for each shard, whose rows come in any order. Counts and positions
 * come out as CouchDB computes them, quirks included.
 */
export class ChangesPass {
  readonly #database: Database;
  readonly #options: ReadOptions;
  readonly #workers: Worker[];
  #limit: number;

  /** @param limit how many rows are told at most; a negative one is none */
  constructor(database: Database, position: Position, limit: number, options: ReadOptions) {
    this.#database = database;
    this.#options = options;
    this.#limit = limit;
    this.#workers = database.shards.map((_, index) => new Worker(database, position, index, options));
  }

  /** How many more rows may be told. */
  get limit(): number {
    return this.#limit;
  }

  /** What is covered by the rows told, and after the last one by the pass. */
  get position(): Position {
    return this.#workers.map((worker) => worker.position);
  }

  /** How many changes were left behind the rows told. */
  get pending(): number {
    return this.#workers.reduce((sum, { pending = 0 }) => sum + pending, 0);
  }

  /** Tells the rows. Once they have been read to the end, position and pending are final. */
  *rows(): Generator<ChangeRow, void, undefined> {
    while (this.#limit !== 0) {
      const ready = this.#workers.filter((worker) => worker.hasRow);
      if (ready.length === 0) {
        for (const worker of this.#workers) worker.complete();
        return;
      }
      const chosen = this.#options.choose(
        ready.map(({ index, nextSequence }) => ({ shard: index, sequence: nextSequence })),
      );
      const worker = ready.find(({ index }) => index === chosen) ?? ready[0];
      const row = worker?.next();
      if (row === undefined) continue;
      yield this.#format(row);
      this.#limit -= 1;
    }
    for (const worker of this.#workers) worker.report();
  }

  #format({ document, revisions }: Change): ChangeRow {
    const { sequenceInterval, show } = this.#options;
    const told = this.#limit % sequenceInterval === 0;
    const sequence = told ? `"${formatSequence(this.#database, this.position)}"` : 'null';
    const changes = revisions.map((rev) => `{"rev":${quoteJson(rev)}}`).join(',');
    const deleted = document.winner.deleted ? ',"deleted":true' : '';
    const doc = show === undefined ? '' : `,"doc":${show(document)}`;
    const text = `{"seq":${sequence},"id":${quoteJson(document.id)},"changes":[${changes}]${deleted}${doc}}`;
    return { text, sequence };
  }
}

interface Change {
  readonly document: StoredDocument;
  readonly revisions: readonly string[];
}

/** Reads the changes of one shard, up to where it was when the pass began. */
class Worker {
  readonly index: number;
  /** What the rows taken so far cover. */
  position: ShardPosition;
  /** How many changes are left; unknown until the worker has told something. */
  pending: number | undefined;
  readonly #uuid: string;
  readonly #end: ShardPosition;
  readonly #filter: ChangesFilter;
  readonly #documents: Iterator<StoredDocument>;
  #left: number;
  #ahead: Ahead | undefined;

  constructor(database: Database, position: Position, index: number, { descending, filter }: ReadOptions) {
    const shard = database.shards[index];
    if (shard === undefined) throw new RangeError(`No shard ${index}`);
    const start = startOf(database, position, index);
    this.index = index;
    this.position = position[index] ?? { sequence: 0, uuid: '' };
    this.#uuid = shard.uuid;
    this.#filter = filter;
    this.#left = descending ? shard.countAfter(0) - shard.countAfter(start) : shard.countAfter(start);
    const candidates = filter.candidates?.(database).filter((document) => document.shard === index);
    const end = shard.sequence;
    this.#end = { sequence: descending ? 0 : end, uuid: shard.uuid };
    if (candidates !== undefined) this.#documents = inOrder(candidates, start, descending);
    else if (descending) this.#documents = backwards(shard, start);
    else this.#documents = forwards(shard, start, end);
  }

  /** Whether a document is left that passes. Looks no further than to the next. */
  get hasRow(): boolean {
    return this.#lookAhead().change !== undefined;
  }

  /** The sequence of the next document that passes; 0 where none is left. */
  get nextSequence(): number {
    return this.#lookAhead().change?.document.sequence ?? 0;
  }

  /** Takes the next row. */
  next(): Change | undefined {
    const { change, skipped } = this.#lookAhead();
    this.#ahead = undefined;
    if (change === undefined) return undefined;
    this.#left -= skipped + 1;
    this.pending = this.#left;
    this.position = { sequence: change.document.sequence, uuid: this.#uuid };
    return change;
  }

  /** The worker has read everything. */
  complete(): void {
    this.pending = this.#filter.candidates === undefined ? 0 : this.#left;
    this.position = this.#end;
  }

  /** The limit was reached: a worker that has told nothing yet tells what it sees first, for the count of what is pending. */
  report(): void {
    if (this.pending !== undefined) return;
    const { firstSkipped } = this.#lookAhead();
    this.pending = firstSkipped === undefined ? this.#left : this.#left - 1;
    if (firstSkipped !== undefined) this.position = { sequence: firstSkipped, uuid: this.#uuid };
  }

  /** Reads on to the next document that passes, counting those that do not. */
  #lookAhead(): Ahead {
    this.#ahead ??= this.#read();
    return this.#ahead;
  }

  #read(): Ahead {
    let skipped = 0;
    let firstSkipped: number | undefined;
    for (let next = this.#documents.next(); !next.done; next = this.#documents.next()) {
      const document = next.value;
      const revisions = this.#filter.revisions(document);
      if (revisions.length > 0) return { change: { document, revisions }, skipped, firstSkipped };
      firstSkipped ??= document.sequence;
      skipped += 1;
    }
    return { change: undefined, skipped, firstSkipped };
  }
}

/** The next row of a worker, with the number of documents before it that do not pass, and the sequence of the first. */
interface Ahead {
  readonly change: Change | undefined;
  readonly skipped: number;
  readonly firstSkipped: number | undefined;
}

function* forwards(shard: Shard, start: number, end: number): Generator<StoredDocument> {
  for (let sequence = start + 1; sequence <= end; sequence++) {
    const document = shard.at(sequence);
    if (document !== undefined) yield document;
  }
}

function* backwards(shard: Shard, start: number): Generator<StoredDocument> {
  for (let sequence = start; sequence > 0; sequence--) {
    const document = shard.at(sequence);
    if (document !== undefined) yield document;
  }
}

function inOrder(documents: readonly StoredDocument[], start: number, descending: boolean): Iterator<StoredDocument> {
  const wanted = documents.filter(({ sequence }) => (descending ? sequence <= start : sequence > start));
  wanted.sort((a, b) => (descending ? b.sequence - a.sequence : a.sequence - b.sequence));
  return wanted.values();
}
