import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import { type ChildController, childController } from '../core/abort.ts';
import { orderedMap } from '../core/ordered-map.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { Database } from '../couch/database.ts';
import { isSequence } from '../couch/sequence.ts';
import type { FailedRevision, RevisionToWrite, Target } from '../replica/target.ts';
import type { RowBatch } from './batches.ts';
import { fetchRevisions } from './fetch.ts';
import { pullId } from './identity.ts';
import { type PullOptions, type PullSettings, settingsOf } from './options.ts';
import { offeredBy, plan } from './plan.ts';
import { readSource } from './read-source.ts';
import type { PullEvent, PullResult, PullStatus } from './status.ts';

/** A pull that is under way, or over. */
export interface Pull {
  /** Where it stands, now. */
  status(): PullStatus;
  /** Where it stands, now and after every batch; completes with the pull. */
  readonly status$: Observable<PullStatus>;
  /** What happens in it; completes with the pull. */
  readonly events$: Observable<PullEvent>;
  /** Ends it. What is stored stays. Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** What it came to; rejects when it failed. Need not be listened to. */
  readonly done: Promise<PullResult>;
}

/**
 * Pulls a database into a target: every leaf revision of every document, tombstones and conflicts too, with its ancestry.
 * Starts at once, at the target's checkpoint where there is one.
 *
 * A batch is stored in one commit together with the checkpoint that covers it, so a pull can be cut off anywhere, and the
 * next one goes on where its last batch ended. A revision that cannot be had does not stop the others: it is recorded in
 * the same commit, and every later pull tries it again.
 *
 * Costs: two requests when nothing is new, or when all that is new fits one page and is of the first generation; one more for
 * every 500 revisions of a later generation. Memory: a few batches, whatever the size of the source.
 *
 * @throws InputError for options that cannot be used; all later errors are those of `done`
 *
 * @example
 * ```ts
 * const replica = await openReplica(memoryKv(), 'recipes');
 * const result = await pull(couch.db('http://127.0.0.1:5984/recipes'), replica).done;
 * result.docsWritten; // 7
 * ```
 */
export function pull(source: Database, target: Target, options: PullOptions = {}): Pull {
  return new Replication(source, target, settingsOf(options), platform(options.platform), options.signal);
}

/** A batch that is ready to be stored. */
interface ReadyBatch extends Pick<RowBatch, 'through' | 'pending'> {
  readonly rows: number;
  readonly revisions: readonly RevisionToWrite[];
  readonly failures: readonly Omit<FailedRevision, 'attempts'>[];
}

class Replication implements Pull {
  readonly #source: Database;
  readonly #target: Target;
  readonly #settings: PullSettings;
  readonly #platform: Platform;
  readonly #controller: ChildController;
  readonly #traffic = { requests: 0, bytes: 0 };
  readonly #status$: BehaviorSubject<PullStatus>;
  readonly #events$ = new Subject<PullEvent>();
  readonly done: Promise<PullResult>;

  constructor(source: Database, target: Target, settings: PullSettings, on: Platform, signal: AbortSignal | undefined) {
    this.#source = source.metered({
      traffic: this.#traffic,
      onRetry: (notice) => this.#events$.next({ type: 'retry', ...notice }),
    });
    this.#target = target;
    this.#settings = settings;
    this.#platform = on;
    this.#controller = childController(signal);
    this.#status$ = new BehaviorSubject<PullStatus>({
      state: 'starting',
      docsRead: 0,
      docsWritten: 0,
      docsFailed: 0,
      pending: undefined,
      seq: undefined,
      requests: 0,
      bytes: 0,
    });
    this.done = this.#run();
    // Whoever listens hears of the failure; nobody has to.
    this.done.catch(() => {});
  }

  get status$(): Observable<PullStatus> {
    return this.#status$.asObservable();
  }

  get events$(): Observable<PullEvent> {
    return this.#events$.asObservable();
  }

  status(): PullStatus {
    return this.#status$.value;
  }

  async stop(): Promise<void> {
    this.#controller.abort(new Stopped());
    await this.done.catch(() => {});
  }

  async #run(): Promise<PullResult> {
    const begun = this.#platform.elapsed();
    // Whoever subscribes right after the call sees the first event.
    await Promise.resolve();
    let state: PullResult['state'] = 'completed';
    try {
      await this.#replicate(this.#controller.signal);
    } catch (error) {
      if (!this.#controller.signal.aborted) {
        this.#update({ state: 'failed', error });
        this.#end({ type: 'error', error });
        throw error;
      }
      state = 'stopped';
    }
    this.#update({ state });
    const { docsRead, docsWritten, docsFailed, seq, requests, bytes } = this.status();
    const ms = this.#platform.elapsed() - begun;
    const result = { state, docsRead, docsWritten, docsFailed, seq, requests, bytes, ms };
    this.#end({ type: 'done', result });
    return result;
  }

  async #replicate(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const [info, state] = await Promise.all([this.#source.info({ signal }), this.#target.open()]);
    const id = this.#settings.id ?? (await pullId(this.#source.url));
    const checkpoint = await this.#target.readCheckpoint(id);
    const since = isSequence(checkpoint?.['seq']) ? checkpoint['seq'] : undefined;
    const pending = since === undefined ? info.docCount + info.docDelCount : undefined;
    this.#update({ state: 'catching-up', seq: since, pending });

    const { batchSize, batchLength, ahead } = this.#settings;
    const reading = {
      since,
      documentsFirst: state.empty || since !== undefined,
      bounds: { rows: batchSize, length: batchLength },
    };
    await this.#retryFailed(signal);
    const batches = orderedMap(
      (stopped) => readSource(this.#source, reading, stopped),
      (batch, stopped) => this.#prepare(batch, state.empty, stopped),
      { ahead, signal },
    );
    for await (const batch of batches) {
      await this.#store(batch, id);
      signal.throwIfAborted();
    }
    this.#update({ pending: 0 });
  }

  /** Diff, plan and fetch of one batch. */
  async #prepare({ rows, through, pending }: RowBatch, empty: boolean, signal: AbortSignal): Promise<ReadyBatch> {
    const offered = offeredBy(rows);
    const missing = empty
      ? offered.map(({ id, revs }) => ({ id, missing: revs, possibleAncestors: [] }))
      : await this.#target.diff(offered);
    const { derived, wanted } = plan(rows, missing);
    const fetched = await fetchRevisions(this.#source, wanted, signal);
    return {
      rows: rows.length,
      through,
      pending,
      revisions: [...derived, ...fetched.revisions],
      failures: fetched.failures,
    };
  }

  async #store({ rows, revisions, failures, through, pending }: ReadyBatch, id: string): Promise<void> {
    const before = this.status();
    const isNews = through !== undefined && JSON.stringify(through) !== JSON.stringify(before.seq);
    const checkpoint = isNews ? { checkpoint: { id, value: { source: this.#source.url, seq: through } } } : {};
    let written = 0;
    if (isNews || revisions.length > 0 || failures.length > 0) {
      const result = await this.#target.writeBatch({ revisions, failures, ...checkpoint });
      written = result.written;
      for (const failure of [...failures, ...result.rejected]) this.#events$.next({ type: 'failed', ...failure });
      this.#update({ docsFailed: before.docsFailed + failures.length + result.rejected.length });
    }
    this.#update({
      docsRead: before.docsRead + revisions.length,
      docsWritten: before.docsWritten + written,
      pending: pending ?? (before.pending === undefined ? undefined : Math.max(0, before.pending - rows)),
      ...(isNews ? { seq: through } : {}),
    });
    if (rows > 0) this.#events$.next({ type: 'batch', read: revisions.length, written });
    if (isNews) this.#events$.next({ type: 'checkpoint', seq: through });
  }

  /** What earlier pulls could not have is tried first. */
  async #retryFailed(signal: AbortSignal): Promise<void> {
    const failed: FailedRevision[] = [];
    for await (const failure of this.#target.failed()) failed.push(failure);
    for (let start = 0; start < failed.length; start += this.#settings.batchSize) {
      const batch = failed.slice(start, start + this.#settings.batchSize);
      const wanted = batch.map(({ id, rev }) => ({ id, revs: [rev] }));
      const { revisions, failures } = await fetchRevisions(this.#source, wanted, signal);
      await this.#store(
        { rows: batch.length, revisions, failures, through: undefined, pending: this.status().pending },
        '',
      );
    }
  }

  #update(change: Partial<PullStatus>): void {
    this.#status$.next({ ...this.status(), ...this.#traffic, ...change });
  }

  #end(event: PullEvent): void {
    this.#controller.release();
    this.#events$.next(event);
    this.#events$.complete();
    this.#status$.complete();
  }
}

/** Why the signal of a pull aborts that was stopped. */
class Stopped extends Error {
  override readonly name = 'AbortError';
}
