import type { JsonObject } from '../../core/json-value.ts';
import type { ScanDb, ScanDbInfo, ScanRevision } from '../plugin.ts';
import type { SourceDatabase } from '../source/scan-source.ts';

/** A database as plugins have it. */
export class DatabaseHandle implements ScanDb {
  readonly name: string;
  readonly #db: SourceDatabase;
  readonly #signal: AbortSignal;

  constructor(db: SourceDatabase, signal: AbortSignal) {
    this.name = db.name;
    this.#db = db;
    this.#signal = signal;
  }

  info(): Promise<ScanDbInfo> {
    return this.#db.info(this.#signal);
  }

  designDocInfo(id: string): Promise<JsonObject | undefined> {
    return this.#db.designDocInfo(id, this.#signal);
  }

  revisions(id: string, revs?: readonly string[]): Promise<readonly ScanRevision[]> {
    return this.#db.revisions(id, revs, this.#signal);
  }
}
