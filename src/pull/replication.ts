import { BehaviorSubject, filter, type Observable, Subject } from 'rxjs';
import { type ChildController, childController } from '../core/abort.ts';
import { isNetworkError } from '../core/errors.ts';
import { Gate } from '../core/gate.ts';
import type { Platform } from '../core/platform.ts';
import type { Database, DatabaseInfo } from '../couch/database.ts';
import type { RetryNotice } from '../couch/retry.ts';
import type { Sequence } from '../couch/sequence.ts';
import type { Target } from '../replica/target.ts';
import { Checkpoints } from './checkpoint.ts';
import { fetchFirst } from './fetch-first.ts';
import { pullId } from './identity.ts';
import { waitUntilInSync } from './in-sync.ts';
import type { PullSettings } from './options.ts';
import { Passage, type Stored } from './passage.ts';
import { persist } from './persist.ts';
import { readLive } from './read-live.ts';
import { onlyOf, readSelection } from './read-selection.ts';
import { RequestSize } from './request-size.ts';
import { retryFailed } from './retry-failed.ts';
import { firstPhase, nextPhase, type PullPhase, type PullTrigger } from './state.ts';
import type { PullEvent, PullResult, PullStatus } from './status.ts';

/** One pull from its beginning to its end: what it does when, and how it stands. */
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
  #phase: PullPhase = firstPhase;
  /** Commits so far: how a failure after progress is told from one in a row. */
  #commits = 0;
  readonly status$: Observable<PullStatus> = this.#status$.asObservable();
  readonly events$: Observable<PullEvent> = this.#events$.asObservable();
  readonly caughtUp: Promise<void>;
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
    this.caughtUp = this.#firstTimeCaughtUp();
    this.done = this.#run();
    // Whoever listens hears of the failure; nobody has to.
    this.done.catch(() => {});
    this.caughtUp.catch(() => {});
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

  async inSync({ id }: { readonly id?: string } = {}): Promise<void> {
    const { selection, batchSize } = this.#settings;
    const isInSync = await waitUntilInSync({
      source: this.#source,
      target: this.#target,
      since: id === undefined ? this.#status$.value.seq : undefined,
      only: id === undefined ? onlyOf(selection) : { docIds: [id] },
      batchSize,
      stored$: this.#events$.pipe(filter(({ type }) => type === 'batch')),
      signal: this.#controller.signal,
    });
    if (!isInSync) throw new Stopped('The pull ended before it was in sync');
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
    if (this.#settings.mode === 'oneshot') {
      await this.#catchUp(signal);
      this.#events$.next({ type: 'caught-up' });
      return;
    }
    const run = async (): Promise<void> => {
      const passage = await this.#catchUp(signal);
      this.#nowCaughtUp();
      await this.#follow(passage, signal);
    };
    await persist(run, {
      platform: this.#platform,
      signal,
      progress: () => this.#commits,
      onRetry: (notice) => this.#onRetry(notice),
      onUnauthorized: async (error) => {
        this.#gate.close();
        this.#move('unauthorized', { error });
        await this.#gate.pass(signal);
      },
    });
  }

  /** Brings the target up to where the source is now. */
  async #catchUp(signal: AbortSignal): Promise<Passage> {
    const { selection, batchSize, batchLength, first } = this.#settings;
    const info = await this.#source.info({ signal });
    const { empty } = await this.#target.open();
    const id = this.#settings.id ?? (await pullId(this.#source.url, selection));
    const checkpoints = new Checkpoints(this.#target, this.#settings.checkpoints, id, this.#source.url);
    const through = await checkpoints.read();
    const since = through ?? this.#settings.since;
    this.#move('ready', { seq: through, pending: this.#expected(info, since) });

    const size = new RequestSize(estimateOf(info));
    const passage = new Passage({
      source: this.#source,
      target: this.#target,
      settings: this.#settings,
      gate: this.#gate,
      checkpoints,
      size,
      signal,
      through,
      onStored: (stored) => this.#onStored(stored),
    });
    await retryFailed(this.#source, this.#target, size, signal, (batch) => passage.store(batch));
    await fetchFirst(this.#source, first, size, signal, (batch) => passage.store(batch));
    const reading = {
      since,
      through: info.updateSeq,
      // Where most is here already, as after a lost checkpoint, documents would come for nothing.
      documents: selection.history === 'leaves' ? 'always' : empty || through !== undefined ? 'first' : 'never',
      bounds: { rows: batchSize, length: batchLength },
    } as const;
    await passage.bring((stopped) => readSelection(this.#source, selection, reading, stopped), empty);
    return passage;
  }

  /** Goes on from where the target is, with every change that the source makes. */
  async #follow(passage: Passage, signal: AbortSignal): Promise<void> {
    const { interval, selection, batchSize, batchLength } = this.#settings;
    const bounds = { rows: batchSize, length: batchLength };
    const documents = selection.history === 'leaves' ? 'always' : 'never';
    while (interval === undefined) {
      const reading = { since: passage.through, documents, bounds } as const;
      await passage.bring((stopped) => readLive(this.#source, selection, reading, stopped), false);
    }
    for (;;) {
      await this.#platform.sleep(interval, signal);
      await this.#gate.pass(signal);
      const reading = { since: passage.through, through: passage.through ?? 0, documents, bounds } as const;
      await passage.bring((stopped) => readSelection(this.#source, selection, reading, stopped), false);
      this.#nowCaughtUp();
    }
  }

  /** How many rows there will be, as far as that can be told before the first. */
  #expected({ docCount, docDelCount }: DatabaseInfo, since: Sequence | undefined): number | undefined {
    const { docIds, selector, filter } = this.#settings.selection;
    const isWhole = docIds === undefined && selector === undefined && filter === undefined;
    return since === undefined && isWhole ? docCount + docDelCount : undefined;
  }

  #onStored({ read, written, failures, rejected, forgotten, rows, through, pending, caughtUp }: Stored): void {
    const before = this.#status$.value;
    this.#commits += 1;
    this.#move('progress', {
      docsRead: before.docsRead + read,
      docsWritten: before.docsWritten + written,
      docsFailed: before.docsFailed + failures.length + rejected.length,
      pending: pending ?? (before.pending === undefined ? undefined : Math.max(0, before.pending - rows)),
      ...(through === undefined ? {} : { seq: through }),
    });
    for (const failure of failures) this.#events$.next({ type: 'failed', ...failure });
    for (const revision of rejected) this.#events$.next({ type: 'rejected', ...revision });
    if (read > 0 || rows > 0 || written > 0) this.#events$.next({ type: 'batch', read, written });
    if (through !== undefined) this.#events$.next({ type: 'checkpoint', seq: through });
    for (const revision of forgotten) {
      this.#events$.next({ type: 'skipped', ...revision, reason: 'The source has given this revision up' });
    }
    if (caughtUp) this.#nowCaughtUp();
  }

  #nowCaughtUp(): void {
    this.#move('caught-up', { pending: 0 });
    this.#events$.next({ type: 'caught-up' });
  }

  #firstTimeCaughtUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#events$.subscribe((event) => {
        if (event.type === 'caught-up') resolve();
        else if (event.type === 'error') reject(event.error);
        else if (event.type === 'done') reject(new Stopped('The pull was stopped before it had caught up'));
      });
    });
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
