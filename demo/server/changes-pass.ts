import { ChangesWorker } from './changes-worker.ts';
import type { Database } from './database.ts';
import type { StoredDocument } from './document.ts';
import { formatSequence, type Position } from './sequence.ts';

/** Which revisions of a document a feed tells; none when the document does not pass. */
export interface ChangesFilter {
  revisions(document: StoredDocument): readonly string[];
  /**
   * The few documents that can pass, where that is known beforehand. They are looked up instead of reading all changes,
   * and only they are counted off what is pending, as CouchDB does it.
   */
  readonly candidates?: (database: Database) => readonly StoredDocument[];
}

/**
 * Says which shard tells next, of those that have not told everything: each with the sequence that is covered then, that of
 * a change or of its end.
 */
export type ChooseShard = (upcoming: readonly { readonly shard: number; readonly sequence: number }[]) => number;

/** How changes are read. */
export interface ReadOptions {
  readonly descending: boolean;
  readonly filter: ChangesFilter;
  /** Only every so many rows carry a sequence. */
  readonly sequenceInterval: number;
  readonly choose: ChooseShard;
}

/** A change that is told. */
export interface Change {
  readonly document: StoredDocument;
  /** The revisions that passed. */
  readonly revisions: readonly string[];
  /** What is covered with this change, as JSON text: `null` where only some are to carry it. */
  readonly sequence: string;
}

/**
 * One pass over the changes of a database: a worker for each shard, whose changes come in any order. What is covered and
 * what is pending come out as in CouchDB, whose workers also tell of changes that do not pass.
 */
export class ChangesPass {
  readonly #database: Database;
  readonly #options: ReadOptions;
  readonly #workers: readonly ChangesWorker[];
  #limit: number;

  /** @param limit how many rows are told at most; a negative one is none */
  constructor(database: Database, position: Position, limit: number, options: ReadOptions) {
    const { descending, filter } = options;
    const candidates = filter.candidates?.(database);
    this.#database = database;
    this.#options = options;
    this.#limit = limit;
    this.#workers = database.shards.map((_, index) => {
      const ofShard = candidates?.filter(({ shard }) => shard === index);
      return new ChangesWorker(database, position, index, descending, ofShard);
    });
  }

  /** How many more rows may be told. */
  get limit(): number {
    return this.#limit;
  }

  /** What is covered by the rows told, and after the last one by the pass. */
  get position(): Position {
    return this.#workers.map(({ position }) => position);
  }

  /** How many changes were left behind the rows told. */
  get pending(): number {
    return this.#workers.reduce((sum, { pending = 0 }) => sum + pending, 0);
  }

  /** Tells the changes. Once they have been read to the end, position and pending are final. */
  *changes(): Generator<Change, void, undefined> {
    while (this.#limit !== 0) {
      const worker = this.#choose();
      if (worker === undefined) return;
      const document = worker.next;
      if (document === undefined) {
        worker.complete();
        continue;
      }
      const revisions = this.#options.filter.revisions(document);
      worker.take();
      if (revisions.length === 0) continue;
      worker.pending = worker.left;
      yield { document, revisions, sequence: this.#sequence() };
      this.#limit -= 1;
    }
    this.#count();
  }

  /**
   * The limit was reached. CouchDB goes on until every worker has told what it has left: one more change at least, which
   * is covered if it does not pass.
   */
  #count(): void {
    do {
      const worker = this.#choose();
      if (worker === undefined) return;
      const document = worker.next;
      if (document === undefined || this.#options.filter.revisions(document).length > 0) {
        worker.count();
      } else {
        worker.take();
        worker.pending ??= worker.left;
      }
    } while (this.#workers.some(({ pending }) => pending === undefined));
  }

  #choose(): ChangesWorker | undefined {
    const ready = this.#workers.filter(({ isComplete }) => !isComplete);
    if (ready.length < 2) return ready[0];
    const chosen = this.#options.choose(ready.map(({ shard, upcoming }) => ({ shard, sequence: upcoming })));
    return ready.find(({ shard }) => shard === chosen) ?? ready[0];
  }

  #sequence(): string {
    const isTold = this.#limit % this.#options.sequenceInterval === 0;
    return isTold ? `"${formatSequence(this.#database, this.position)}"` : 'null';
  }
}
