import type { JsonObject } from '../../core/json-value.ts';
import type { Platform } from '../../core/platform.ts';
import { compareIds } from '../../replica/document-key.ts';
import type { ScanEvent } from '../events.ts';
import type { PluginRun } from '../run/plugin-run.ts';
import {
  type Checkpoint,
  configurationOf,
  type DatabaseMark,
  type ScanPosition,
  versionOf,
} from '../state/checkpoint.ts';
import type { Ledger } from '../state/ledger.ts';

/** A run of a plugin with where it stands, and what is kept of that. */
export class KeptRun {
  readonly run: PluginRun;
  extent: Checkpoint['extent'];
  position: ScanPosition;
  readonly #ledger: Ledger;
  readonly #platform: Pick<Platform, 'now' | 'elapsed'>;
  readonly #startedAt: number;
  #marks: { readonly db: string; readonly mark: DatabaseMark }[] = [];
  #designDocsOf: string[] = [];
  #round = 0;
  #uncommitted = 0;
  #committedAt: number;

  /** @param from what was kept of it, or how it begins */
  constructor(
    run: PluginRun,
    { extent, position, startedAt }: Pick<Checkpoint, 'extent' | 'position' | 'startedAt'>,
    ledger: Ledger,
    platform: Pick<Platform, 'now' | 'elapsed'>,
  ) {
    this.run = run;
    this.extent = extent;
    this.position = position;
    this.#startedAt = startedAt;
    this.#ledger = ledger;
    this.#platform = platform;
    this.#committedAt = platform.elapsed();
    run.tracks = ledger.isKept && extent === 'changes';
  }

  /** Whether a database is not behind it yet. */
  isBefore(db: string): boolean {
    return compareIds(db, this.position.db) >= 0;
  }

  /** Where it stands in a database: at its beginning, unless it is the one that was under way. */
  positionIn(db: string): ScanPosition {
    return this.position.db === db ? this.position : { db };
  }

  /** Up to where a database was scanned by the scan before; undefined where everything is to be looked at. */
  async mark(db: string): Promise<DatabaseMark | undefined> {
    return this.extent === 'full' ? undefined : this.#ledger.mark(this.run.plugin.name, db);
  }

  /** A database is another one than that which was scanned before. */
  forgetDatabase(db: string): Promise<void> {
    return this.#ledger.forgetDatabase(this.run.plugin.name, db);
  }

  /** All design documents of a database have been looked at. */
  passDesignDocs(db: string): void {
    this.#designDocsOf.push(db);
    this.position = { db, inDocuments: true };
  }

  /**
   * A database is behind it.
   *
   * @param mark where a later scan begins in it; none where it was passed over
   */
  passDatabase(db: string, mark?: DatabaseMark): void {
    if (mark !== undefined) this.#marks.push({ db, mark });
    // The name that comes right after this one.
    this.position = { db: `${db}\0` };
  }

  /** Everything has been looked at, and from here on what changes is. */
  async settle(): Promise<readonly ScanEvent[]> {
    const [plugin, passage, wasFull] = [this.run.plugin.name, this.#passage, this.extent === 'full'];
    this.extent = 'changes';
    this.run.tracks = this.#ledger.isKept;
    const told = await this.commit();
    if (wasFull && this.run.outcome === undefined) await this.#ledger.withdraw(plugin, passage);
    return told;
  }

  /** Begins at the first database once more. */
  startRound(): void {
    this.#round += 1;
    this.position = { db: '' };
  }

  /** Counts documents that the plugin was shown. */
  pass(documents: number): void {
    this.#uncommitted += documents;
  }

  /** How many documents it was shown since it was kept, in how many databases whatsoever. */
  get uncommitted(): number {
    return this.#uncommitted;
  }

  /** How long ago it was kept, in milliseconds. */
  get age(): number {
    return this.#platform.elapsed() - this.#committedAt;
  }

  /** Keeps everything so far. What the plugin has told, to be told on: it is kept now, if anything is. */
  async commit(): Promise<readonly ScanEvent[]> {
    const data = await this.run.checkpoint();
    // What was found since, the next run finds again.
    if (data === undefined) return this.run.take().told.filter(({ type }) => type === 'failure');
    return this.#write('running', data);
  }

  /**
   * Ends the scan of this plugin, everything having been looked at.
   *
   * @param names of all databases that there are; asked for where only those that have changed were looked at
   */
  async finish(names: () => Promise<ReadonlySet<string>>): Promise<readonly ScanEvent[]> {
    const before = await this.commit();
    if (this.run.outcome !== undefined) return before;
    const data = await this.run.complete();
    if (data === undefined) return [...before, ...this.run.take().told];
    this.position = { db: '' };
    const { name } = this.run.plugin;
    // Before it counts as finished: nobody would do it later.
    if (this.extent === 'full') await this.#ledger.withdraw(name, this.#passage);
    else if (this.#ledger.isKept) await this.#ledger.keepDatabases(name, await names());
    return [...before, ...(await this.#write('finished', data))];
  }

  /** Ends a part of the scan: everything in it has been looked at. */
  async finishPart(): Promise<readonly ScanEvent[]> {
    const data = await this.run.checkpoint();
    if (data === undefined || this.run.outcome !== undefined) return this.leave();
    const told = await this.#write('finished', data);
    this.run.outcome = 'finished';
    return told;
  }

  /** What it has told, where nothing of it will be kept, so that there is nothing to wait for. */
  tellUnkept(): readonly ScanEvent[] {
    return this.#ledger.isKept ? [] : this.run.take().told;
  }

  /** What it has told and no commit covers. */
  leave(): readonly ScanEvent[] {
    return this.run.take().told.filter(({ type }) => type === 'failure');
  }

  /** Has its scan start from scratch the next time. */
  forget(): Promise<void> {
    return this.#ledger.forget(this.run.plugin.name);
  }

  async #write(state: Checkpoint['state'], data: JsonObject): Promise<readonly ScanEvent[]> {
    const { plugin, scan } = this.run;
    const { scanned, told } = this.run.take();
    const checkpoint: Checkpoint = {
      version: 1,
      scan,
      state,
      extent: this.extent,
      startedAt: this.#startedAt,
      updatedAt: this.#platform.now(),
      position: this.position,
      data,
      pluginVersion: versionOf(plugin),
      configuration: configurationOf(plugin),
    };
    const entry = { checkpoint, scanned, marks: this.#marks, designDocsOf: this.#designDocsOf, passage: this.#passage };
    await this.#ledger.commit(plugin.name, entry);
    this.#marks = [];
    this.#designDocsOf = [];
    this.#uncommitted = 0;
    this.#committedAt = this.#platform.elapsed();
    return told;
  }

  get #passage(): string {
    return this.#round === 0 ? this.run.scan : `${this.run.scan}.${this.#round}`;
  }
}
