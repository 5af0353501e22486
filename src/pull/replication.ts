import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import { type ChildController, childController } from '../core/abort.ts';
import { isNetworkError } from '../core/errors.ts';
import { Gate } from '../core/gate.ts';
import { orderedMap } from '../core/ordered-map.ts';
import type { Platform } from '../core/platform.ts';
import type { Database, DatabaseInfo } from '../couch/database.ts';
import type { RetryNotice } from '../couch/retry.ts';
import type { Sequence } from '../couch/sequence.ts';
import type { MissingRevisions, OfferedRevisions, Target, WriteBatch } from '../replica/target.ts';
import type { RowBatch } from './batches.ts';
import { Checkpoints } from './checkpoint.ts';
import { fetchRevisions } from './fetch.ts';
import { fetchFirst } from './fetch-first.ts';
import { pullId } from './identity.ts';
import type { PullSettings } from './options.ts';
import { divide, type Part } from './parts.ts';
import { pass } from './passing.ts';
import { offeredBy, plan } from './plan.ts';
import { readSelection } from './read-selection.ts';
import { RequestSize } from './request-size.ts';
import { retryFailed } from './retry-failed.ts';
import { firstPhase, nextPhase, type PullPhase, type PullTrigger } from './state.ts';
import type { PullEvent, PullResult, PullStatus } from './status.ts';
import { Underway } from './underway.ts';

/** A batch that is ready to be stored. */
interface ReadyBatch extends Omit<WriteBatch, 'checkpoint'> {
  /** Rows of the feed that it covers, by the ids of their documents. */
  readonly covers: readonly string[];
  readonly through?: Sequence | undefined;
  readonly pending?: number | undefined;
}

/** One pull from its beginning to its end: reads ahead, fetches several batches at once, stores them in order. */
export class Replication {
  readonly #source: Database;
  readonly #target: Target;
  readonly #settings: PullSettings;
  readonly #platform: Platform;
  readonly #controller: ChildController;
  readonly #gate = new Gate();
  readonly #traffic = { requests: 0, bytes: 0 };
  readonly #events$ = new Subject<PullEvent>();
  readonly #status$ = new BehaviorSubject<PullStatus>({
    ...firstPhase,
    docsRead: 0,
    docsWritten: 0,
    docsFailed: 0,
    pending: undefined,
    seq: undefined,
    requests: 0,
    bytes: 0,
  });
  readonly #underway = new Underway();
  #phase: PullPhase = firstPhase;
  readonly status$: Observable<PullStatus> = this.#status$.asObservable();
  readonly events$: Observable<PullEvent> = this.#events$.asObservable();
  readonly done: Promise<PullResult>;

  constructor(source: Database, target: Target, settings: PullSettings, on: Platform, signal: AbortSignal | undefined) {
    this.#source = source.metered({
      traffic: this.#traffic,
      onRetry: (notice) => this.#onRetry(notice),
      retry: settings.retry,
    });
    this.#target = target;
    this.#settings = settings;
    this.#platform = on;
    this.#controller = childController(signal);
    this.done = this.#run();
    // Whoever listens hears of the failure; nobody has to.
    this.done.catch(() => {});
  }

  status(): PullStatus {
    return { ...this.#status$.value, ...this.#traffic };
  }

  pause(): void {
    this.#gate.close();
    this.#move('pause');
  }

  resume(): void {
    this.#move('resume');
    this.#gate.open();
  }

  async stop(): Promise<void> {
    this.#controller.abort(new Stopped('The pull was stopped'));
    await this.done.catch(() => {});
  }

  async #run(): Promise<PullResult> {
    const begun = this.#platform.elapsed();
    // Whoever subscribes right after the call sees the first event.
    await Promise.resolve();
    let state: PullResult['state'] = 'completed';
    try {
      await this.#replicate(this.#controller.signal);
      this.#move('done', { pending: 0 });
    } catch (error) {
      if (!this.#controller.signal.aborted) {
        this.#move('fail', { error });
        this.#end({ type: 'error', error });
        throw error;
      }
      state = 'stopped';
      this.#move('stop');
    }
    const { docsRead, docsWritten, docsFailed, seq, requests, bytes } = this.status();
    const ms = this.#platform.elapsed() - begun;
    const result = { state, docsRead, docsWritten, docsFailed, seq, requests, bytes, ms };
    this.#end({ type: 'done', result });
    return result;
  }

  async #replicate(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { selection, batchSize, batchLength, ahead } = this.#settings;
    const info = await this.#source.info({ signal });
    const { empty } = await this.#target.open();
    const id = this.#settings.id ?? (await pullId(this.#source.url, selection));
    const checkpoints = new Checkpoints(this.#target, this.#settings.checkpoints, id, this.#source.url);
    const stored = await checkpoints.read();
    const since = stored ?? this.#settings.since;
    this.#move('ready', { seq: stored, pending: this.#expected(info, since) });

    const size = new RequestSize(estimateOf(info));
    const store = async (batch: Omit<WriteBatch, 'checkpoint'>): Promise<void> => {
      const { revisions, failures } = pass(batch.revisions, this.#settings.passing);
      const all = [...(batch.failures ?? []), ...failures];
      await this.#store({ ...batch, revisions, failures: all, covers: [] }, checkpoints);
    };
    await retryFailed(this.#source, this.#target, size, signal, store);
    await fetchFirst(this.#source, this.#settings.first, size, signal, store);
    const reading = {
      since,
      through: info.updateSeq,
      // Where most is here already, as after a lost checkpoint, documents would come for nothing.
      documents: selection.history === 'leaves' ? 'always' : empty || stored !== undefined ? 'first' : 'never',
      bounds: { rows: batchSize, length: batchLength },
    } as const;
    const ready = orderedMap(
      (stopped) => this.#parts(readSelection(this.#source, selection, reading, stopped), empty, size, stopped),
      (part, stopped) => this.#fetch(part, size, stopped),
      { ahead, signal },
    );
    for await (const batch of ready) await this.#store(batch, checkpoints);
  }

  /** How many rows there will be, as far as that can be told before the first. */
  #expected({ docCount, docDelCount }: DatabaseInfo, since: Sequence | undefined): number | undefined {
    const { docIds, selector, filter } = this.#settings.selection;
    const isWhole = docIds === undefined && selector === undefined && filter === undefined;
    return since === undefined && isWhole ? docCount + docDelCount : undefined;
  }

  /** Diff and plan of the batches, and their division into what one request brings. */
  async *#parts(
    batches: AsyncIterable<RowBatch>,
    empty: boolean,
    size: RequestSize,
    signal: AbortSignal,
  ): AsyncGenerator<Part, void, undefined> {
    const { selection } = this.#settings;
    for await (const batch of batches) {
      await this.#gate.pass(signal);
      const offered = offeredBy(batch.rows);
      const missing = await this.#missing(offered, empty);
      const replace = selection.history === 'leaves' ? offered : [];
      this.#underway.add(batch.rows.map(({ id }) => id));
      yield* divide(batch, plan(batch.rows, missing, selection), replace, size.entries);
    }
  }

  async #fetch({ derived, wanted, ...part }: Part, size: RequestSize, signal: AbortSignal): Promise<ReadyBatch> {
    await this.#gate.pass(signal);
    const fetched = await fetchRevisions(this.#source, wanted, size, signal);
    const { revisions, failures } = pass([...derived, ...fetched.revisions], this.#settings.passing);
    return { ...part, revisions, failures: [...fetched.failures, ...failures] };
  }

  async #missing(offered: readonly OfferedRevisions[], empty: boolean): Promise<readonly MissingRevisions[]> {
    // What was empty at the beginning is filled by this pull alone; a revision that comes twice is merged twice, to no harm.
    // Whether a document is known, which decides about its tombstone, is also a matter of what is on its way.
    if (this.#settings.selection.skipTombstones) {
      const missing = await this.#target.diff(offered);
      return missing.map((document) => ({ ...document, known: document.known || this.#underway.has(document.id) }));
    }
    if (!empty) return this.#target.diff(offered);
    return offered.map(({ id, revs }) => ({ id, missing: revs, possibleAncestors: [], known: false }));
  }

  async #store({ covers, through, pending, ...batch }: ReadyBatch, checkpoints: Checkpoints): Promise<void> {
    await this.#gate.pass(this.#controller.signal);
    const before = this.#status$.value;
    const { revisions, failures = [], replace = [], forget = [] } = batch;
    const isNews = through !== undefined && JSON.stringify(through) !== JSON.stringify(before.seq);
    const isEmpty = [revisions, failures, replace, forget].every(({ length }) => length === 0);
    const { written, rejected } =
      isEmpty && !isNews ? { written: 0, rejected: [] } : await checkpoints.write(batch, isNews ? through : undefined);
    this.#underway.remove(covers);
    this.#move('progress', {
      docsRead: before.docsRead + revisions.length,
      docsWritten: before.docsWritten + written,
      docsFailed: before.docsFailed + failures.length + rejected.length,
      pending: pending ?? (before.pending === undefined ? undefined : Math.max(0, before.pending - covers.length)),
      ...(isNews ? { seq: through } : {}),
    });
    for (const failure of [...failures, ...rejected]) this.#events$.next({ type: 'failed', ...failure });
    if (!isEmpty || covers.length > 0) this.#events$.next({ type: 'batch', read: revisions.length, written });
    if (isNews) this.#events$.next({ type: 'checkpoint', seq: through });
    for (const revision of forget)
      this.#events$.next({ type: 'skipped', ...revision, reason: 'The source has given this revision up' });
  }

  #onRetry(notice: RetryNotice): void {
    const { error } = notice;
    this.#move(isNetworkError(error) && error.failure === 'unreachable' ? 'unreachable' : 'refused');
    this.#events$.next({ type: 'retry', ...notice });
  }

  #move(trigger: PullTrigger, change: Partial<PullStatus> = {}): void {
    this.#phase = nextPhase(this.#phase, trigger);
    this.#status$.next({ ...this.status(), ...change, state: this.#phase.state });
  }

  #end(event: PullEvent): void {
    this.#controller.release();
    this.#events$.next(event);
    this.#events$.complete();
    this.#status$.complete();
  }
}

/** How long a document is on the average, where the source tells. */
function estimateOf({ externalSize, docCount, docDelCount }: DatabaseInfo): number {
  const documents = docCount + docDelCount;
  return externalSize === undefined || documents === 0 ? 0 : externalSize / documents;
}

/** Why the signal of a pull aborts that was stopped. */
class Stopped extends Error {
  override readonly name = 'AbortError';
}
