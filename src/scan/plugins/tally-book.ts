import type { JsonObject } from '../../core/json-value.ts';
import type { ReportDetails } from '../events.ts';

/** What is counted: JSON, and how it is put together. */
export interface Counting<T extends JsonObject> {
  readonly nothing: T;
  add(a: T, b: T): T;
  isNothing(tally: T): boolean;
}

/** What was counted in one database. */
interface DatabaseTally<T> {
  readonly db: string;
  readonly tally: T;
}

/** The book as it is kept. */
export interface TallyData<T> extends JsonObject {
  /** Of the databases that are behind. */
  readonly total: T;
  /** How many of them there were anything in. */
  readonly databases: number;
  /** The database that was entered last, and whether it was told. */
  readonly last?: DatabaseTally<T> & { readonly isTold: boolean };
  /** Databases of which several parts were counted, with what is in all of their parts. */
  readonly joined?: readonly DatabaseTally<T>[];
}

type Tell = (report: ReportDetails) => void;

/**
 * Counts something by database, and tells each database once it is through. What it has to keep is small, and nothing that was counted
 * is lost wherever the scan breaks off, nor counted twice when it goes on.
 */
export class TallyBook<T extends JsonObject> {
  readonly #counting: Counting<T>;
  #data: TallyData<T>;

  /** @param data of a book that is gone on with */
  constructor(counting: Counting<T>, data?: TallyData<T>) {
    this.#counting = counting;
    this.#data = data ?? { total: counting.nothing, databases: 0 };
  }

  /** The books of parts of a scan as one. A database that stands last in several of them was split between these. */
  static join<T extends JsonObject>(counting: Counting<T>, parts: readonly TallyData<T>[]): TallyData<T> {
    const lasts = new Map<string, T[]>();
    let total = counting.nothing;
    let databases = 0;
    for (const part of parts) {
      total = counting.add(total, part.total);
      databases += part.databases;
      if (part.last !== undefined) lasts.set(part.last.db, [...(lasts.get(part.last.db) ?? []), part.last.tally]);
    }
    const joined: DatabaseTally<T>[] = [];
    for (const [db, tallies] of lasts) {
      const tally = tallies.reduce(counting.add);
      if (counting.isNothing(tally)) continue;
      total = counting.add(total, tally);
      databases += 1;
      if (tallies.length > 1) joined.push({ db, tally });
    }
    return { total, databases, joined };
  }

  get data(): TallyData<T> {
    return this.#data;
  }

  /** Goes into a database. Whether it was in it already. */
  enter(db: string, tell: Tell): boolean {
    if (this.#data.last?.db === db) return true;
    this.close(tell);
    this.#data = { ...this.#settled(), last: { db, tally: this.#counting.nothing, isTold: true } };
    return false;
  }

  /** Counts something in the database that was entered last. */
  count(tally: T): void {
    const { last } = this.#data;
    if (last === undefined) throw new Error('Something was counted outside of a database');
    this.#data = { ...this.#data, last: { ...last, tally: this.#counting.add(last.tally, tally), isTold: false } };
  }

  /** Forgets what was counted in the database that was entered last. */
  restart(): void {
    const { last } = this.#data;
    if (last !== undefined) this.#data = { ...this.#data, last: { ...last, tally: this.#counting.nothing } };
  }

  /** Tells the database that was entered last, unless there is nothing new to tell. */
  close(tell: Tell): void {
    const { last } = this.#data;
    if (last === undefined || last.isTold) return;
    if (!this.#counting.isNothing(last.tally)) tell({ db: last.db, ...last.tally });
    this.#data = { ...this.#data, last: { ...last, isTold: true } };
  }

  /** Tells what is left to be told of databases, and gives the totals. */
  complete(tell: Tell): T & { readonly databases: number } {
    this.close(tell);
    for (const { db, tally } of this.#data.joined ?? []) tell({ db, ...tally });
    const { total, databases } = this.#settled();
    return { ...total, databases };
  }

  #settled(): TallyData<T> {
    const { last, ...before } = this.#data;
    if (last === undefined || this.#counting.isNothing(last.tally)) return before;
    return { ...before, total: this.#counting.add(before.total, last.tally), databases: before.databases + 1 };
  }
}
