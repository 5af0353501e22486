import type { Observable } from 'rxjs';
import { type ChildController, childController } from '../core/abort.ts';
import { InputError } from '../core/errors.ts';
import { Gate } from '../core/gate.ts';
import { loadPart } from '../core/load-part.ts';
import type { Platform } from '../core/platform.ts';
import type { Database } from '../couch/database.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import { defaultRetry } from '../couch/request/retry.ts';
import type { Target } from '../replica/target.ts';
import { expectedRows, meanLength } from './expected.ts';
import { fetchFirst } from './fetch-first.ts';
import { pullId } from './identity.ts';
import { Reins } from './lead/reins.ts';
import type { PullSettings } from './options.ts';
import { Passage } from './passage.ts';
import { persist } from './persist.ts';
import { prefetch } from './prefetch.ts';
import { Progress } from './progress.ts';
import { PullTarget } from './pull-target.ts';
import { RequestSize } from './request-size.ts';
import { retryFailed } from './retry-failed.ts';
import { isPlain } from './source/identity.ts';
import { readLive } from './source/read-live.ts';
import { onlyOf, readSelection } from './source/read-selection.ts';
import { explainRefusal, isSourceMissing } from './source/refusal.ts';
import { isForeignPosition, SourceChangedError, SourceWatch } from './source/watch.ts';
import { findStart, type StartingPoint } from './starting-point.ts';
import type { PullEvent, PullResult, PullStatus } from './status.ts';
import { Stopped } from './stopped.ts';

/** A pull that has caught up, and the source that it has caught up with. */
interface CaughtUp {
  readonly passage: Passage;
  readonly watch: SourceWatch;
}

/** One pull from its beginning to its end: what it does when. */
export class Replication {
  readonly #source: Database;
  readonly #target: PullTarget;
  readonly #settings: PullSettings;
  readonly #platform: Platform;
  readonly #controller: ChildController;
  readonly #gate = new Gate();
  readonly #progress: Progress;
  readonly #reins: Reins;
  /** Whether the source has ever been there. */
  #isFound = false;
  #isMissing = false;
  readonly status$: Observable<PullStatus>;
  readonly events$: Observable<PullEvent>;
  readonly caughtUp: Promise<void>;
  readonly done: Promise<PullResult>;

  constructor(source: Database, target: Target, settings: PullSettings, on: Platform, signal: AbortSignal | undefined) {
    const traffic = { requests: 0, bytes: 0 };
    this.#progress = new Progress(traffic);
    this.status$ = this.#progress.status$;
    this.events$ = this.#progress.events$;
    this.#source = source.metered({
      traffic,
      onRetry: (notice) => this.#progress.onRetry(notice),
      retry: settings.retry,
    });
    this.#settings = settings;
    this.#platform = on;
    this.#controller = childController(signal);
    this.#target = new PullTarget(target, {
      checkpoints: settings.checkpoints,
      platform: on,
      // A store that is busy is waited for as a server is: with a bound, or by a pull that goes on for ever without one.
      retry: {
        ...defaultRetry,
        ...settings.retry,
        ...(settings.mode === 'continuous' ? { attempts: Number.POSITIVE_INFINITY } : {}),
      },
      gate: this.#gate,
      signal: this.#controller.signal,
      onRetry: (notice) => this.#progress.onRetry(notice),
      onRecovered: () => this.#progress.move('progress'),
    });
    this.#reins = new Reins({
      target: this.#target,
      name: async () => settings.id ?? pullId(source.url, settings.selection),
      platform: on,
      progress: this.#progress,
      gate: this.#gate,
    });
    this.caughtUp = this.#firstTimeCaughtUp();
    this.done = this.#run();
    // Whoever listens hears of the failure; nobody has to.
    this.done.catch(() => {});
    this.caughtUp.catch(() => {});
  }

  status(): PullStatus {
    return this.#progress.status();
  }

  pause(): void {
    this.#reins.pause();
  }

  resume(): void {
    this.#reins.resume();
  }

  async stop(): Promise<void> {
    this.#controller.abort(new Stopped('The pull was stopped'));
    await this.done.catch(() => {});
  }

  async inSync({ id, seq }: { readonly id?: string; readonly seq?: Sequence } = {}): Promise<void> {
    if (id !== undefined && seq !== undefined) throw new InputError('Wait for an id or for a sequence, not for both');
    const { selection, batchSize } = this.#settings;
    const { waitUntilInSync } = await loadPart(import('./in-sync.ts'));
    const isInSync = await waitUntilInSync({
      source: this.#source,
      target: this.#target,
      since: () => (this.status().leader ?? this.status()).seq,
      only: id === undefined ? onlyOf(selection) : { docIds: [id] },
      until: seq,
      batchSize,
      events$: this.events$,
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
      this.#progress.move('done', { pending: 0 });
    } catch (thrown) {
      if (!this.#controller.signal.aborted) {
        if (isSourceMissing(thrown)) this.#onMissing();
        const error = explainRefusal(thrown, this.#source.url, this.#settings.selection);
        this.#progress.move('fail', { error });
        this.#end({ type: 'error', error });
        throw error;
      }
      state = 'stopped';
      this.#progress.move('stop');
    }
    const { state: _, error: __, pending: ___, leader: ____, ...figures } = this.status();
    const result = { ...figures, state, ms: this.#platform.elapsed() - begun };
    this.#end({ type: 'done', result });
    return result;
  }

  async #replicate(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#settings.mode === 'oneshot') {
      await this.#catchUp(signal);
      this.#progress.tell({ type: 'caught-up' });
      return;
    }
    await this.#reins.run((held) => this.#pullOn(held), signal);
  }

  /** Follows the source until the signal aborts. */
  async #pullOn(signal: AbortSignal): Promise<void> {
    const run = async (): Promise<void> => {
      const caughtUp = await this.#catchUp(signal);
      this.#progress.onCaughtUp();
      await this.#follow(caughtUp, signal);
    };
    await persist(run, {
      platform: this.#platform,
      signal,
      progress: () => this.#progress.advances,
      found: () => this.#isFound,
      onRetry: (notice) => this.#progress.onRetry(notice),
      onMissing: () => this.#onMissing(),
      onHindered: async (hindrance, error) => {
        this.#gate.close();
        this.#progress.move(hindrance, { error });
        if (hindrance === 'full') this.#progress.tell({ type: 'quota', error });
        await this.#gate.pass(signal);
      },
    });
  }

  /** Brings the target up to where the source is now; once more from its new start where it turns out to be another one. */
  async #catchUp(signal: AbortSignal): Promise<CaughtUp> {
    const start = await this.#start(false, signal);
    try {
      return await this.#bring(start, signal);
    } catch (error) {
      const isForeign = start.through !== undefined && isForeignPosition(error);
      if (!isForeign && !(error instanceof SourceChangedError)) throw error;
      return await this.#bring(await this.#start(isForeign, signal), signal);
    }
  }

  /** Finds out where to begin, and says so. */
  async #start(distrusted: boolean, signal: AbortSignal): Promise<StartingPoint> {
    const start = await findStart(this.#source, this.#target, this.#settings, distrusted, signal);
    const { info, reason, since, through } = start;
    this.#isFound = true;
    this.#isMissing = false;
    if (reason === 'recreated') this.#progress.tell({ type: 'source-recreated' });
    if (reason === 'rewound') this.#progress.tell({ type: 'source-rewound' });
    this.#progress.tell({ type: 'started', since: since ?? 0, reason });
    this.#progress.move('ready', { seq: through, pending: expectedRows(info, since, this.#settings.selection) });
    return start;
  }

  /** Brings everything from a starting point on to where the source is now. */
  async #bring(start: StartingPoint, signal: AbortSignal): Promise<CaughtUp> {
    const { info, empty, checkpoints, lacksContent, since, through } = start;
    const { selection, batchSize, batchLength, first } = this.#settings;
    const size = new RequestSize(meanLength(info));
    const passage = new Passage({
      source: this.#source,
      target: this.#target,
      settings: this.#settings,
      gate: this.#gate,
      checkpoints,
      size,
      signal,
      through,
      onAttachment: () => this.#progress.onAttachment(),
      onLeftOut: (count) => this.#progress.onLeftOut(count),
      onStored: (stored) => this.#progress.onStored(stored),
    });
    const retry = {
      skipTombstones: selection.skipTombstones,
      attachments: this.#settings.attachments !== undefined,
      size,
    };
    await retryFailed(this.#source, this.#target, retry, signal, (batch) => passage.store(batch));
    if (lacksContent) await passage.makeGood();
    await fetchFirst(this.#source, first, size, signal, (batch) => passage.store(batch));
    const watch = new SourceWatch(this.#source, info);
    const reading = {
      since,
      through: info.updateSeq,
      // Where most is here already, as after a lost checkpoint, documents would come for nothing.
      documents: selection.history === 'leaves' ? 'always' : empty || through !== undefined ? 'first' : 'never',
      bounds: { rows: batchSize, length: batchLength },
    } as const;
    const bringing = passage.bring(
      (stopped) => watch.over(readSelection(this.#source, selection, reading, stopped), since, stopped),
      empty,
    );
    if (this.#settings.mode === 'continuous') void prefetch(this.#settings, this.#target.store !== undefined);
    await bringing;
    return { passage, watch };
  }

  /** Goes on from where the target is, with every change that the source makes. */
  async #follow({ passage, watch }: CaughtUp, signal: AbortSignal): Promise<void> {
    const { interval, selection, batchSize, batchLength } = this.#settings;
    const bounds = { rows: batchSize, length: batchLength };
    const documents = selection.history === 'leaves' ? 'always' : 'never';
    while (interval === undefined) {
      const since = passage.through;
      const read = (stopped: AbortSignal) => readLive(this.#source, selection, { since, documents, bounds }, stopped);
      await passage.bring((stopped) => watch.over(read(stopped), since, stopped), false);
    }
    for (;;) {
      await this.#platform.sleep(interval, signal);
      await this.#gate.pass(signal);
      const since = passage.through;
      // A plain number is a position in every database: the feed of another one would not show it.
      if (since !== undefined && isPlain(since)) await watch.check(since, signal);
      const reading = { since, through: since ?? 0, documents, bounds } as const;
      const read = (stopped: AbortSignal) => readSelection(this.#source, selection, reading, stopped);
      await passage.bring((stopped) => watch.over(read(stopped), since, stopped), false);
      this.#progress.onCaughtUp();
    }
  }

  #firstTimeCaughtUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.events$.subscribe((event) => {
        if (event.type === 'caught-up') resolve();
        else if (event.type === 'error') reject(event.error);
        else if (event.type === 'done') reject(new Stopped('The pull was stopped before it had caught up'));
      });
    });
  }

  /** Says, once for each time, that the source is not there. */
  #onMissing(): void {
    if (!this.#isMissing) this.#progress.tell({ type: 'source-deleted' });
    this.#isMissing = true;
  }

  #end(event: PullEvent): void {
    this.#controller.release();
    this.#progress.end(event);
  }
}
