import { type Observable, Subject } from 'rxjs';
import { Current } from '../../core/current.ts';
import { ClosedError, InputError, isCouchError } from '../../core/errors.ts';
import { platform } from '../../core/platform.ts';
import type { RetryNotice } from '../../couch/request/retry.ts';
import { createQueue } from '../../jobs/queue.ts';
import type { JobEvent } from '../../jobs/worker.ts';
import type { ScanEvent } from '../events.ts';
import type { ScanEnvironment } from '../jobs/environment.ts';
import type { RunRecord } from '../jobs/run-record.ts';
import { scannerJob } from '../jobs/scanner-job.ts';
import type { Limiter } from '../limiter/limiter.ts';
import { sharedLimiter } from '../limiter/shared-limiter.ts';
import { type SkipPatterns, skipPatterns } from '../pass/skip.ts';
import type { ScanPlugin } from '../plugin.ts';
import { checkPlugins } from '../run/check-plugins.ts';
import { scanPlugins } from '../scan-plugins.ts';
import { checkSchedule } from '../schedule/schedule.ts';
import { openSource, type Scannable } from '../source/open-source.ts';
import type { ScanSource } from '../source/scan-source.ts';
import type { Checkpoint } from '../state/checkpoint.ts';
import { ScannerControl, type ScannerStatus } from './control.ts';
import type { ScannerOptions } from './options.ts';
import type { ScannerChanges, ScannerSettings } from './settings.ts';
import { ScannerWorkers } from './workers.ts';

/** What happens in a scanner, as far as this process takes part: what is found, and what becomes of its jobs. */
export type ScannerEvent =
  | ScanEvent
  | ({ readonly plugin: string } & Omit<JobEvent, 'type'> & {
        readonly type: 'job';
        readonly became: JobEvent['type'];
      });

/** How often the scanner looks after itself when nobody calls it, in milliseconds: while something is scanned, and otherwise. */
const LOOK = { scanning: 1000, idle: 5000 };

/**
 * Scans in the background: each enabled plugin when its schedule says so, as jobs in a store, which all processes share that have a
 * scanner of the same id and store. What a process leaves undone, another goes on with, from the last commit.
 */
export class Scanner {
  readonly id: string;
  readonly #control: ScannerControl;
  readonly #workers: ScannerWorkers;
  readonly #limiter: Limiter;
  readonly #options: ScannerOptions;
  readonly #now: () => number;
  readonly #status: Current<ScannerStatus>;
  readonly #events = new Subject<ScannerEvent>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #settings: ScannerSettings = { enabled: {}, isStopped: false };
  #skip: Promise<SkipPatterns>;
  #isHere = true;
  #refreshing: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  /** Use {@link createScanner}. @internal */
  constructor(options: ScannerOptions) {
    const { id = 'scanner', kv, concurrency = 2, schedule = {}, interval = 15_000 } = options;
    checkSchedule(schedule);
    if (!(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
      throw new InputError(`Option concurrency must be a whole number of at least 1, not ${String(concurrency)}`);
    }
    if (options.plugins !== undefined && options.plugins.length > 0) checkPlugins(options.plugins);
    const on = platform(options.platform);
    const queue = createQueue(kv, options.platform === undefined ? {} : { platform: options.platform });
    const source = sourceOf(options, ({ error }) => {
      if (isCouchError(error) && (error.status === 429 || error.status === 503)) {
        this.#limiter.slow({ retryAfter: error.retryAfter });
      }
    });
    this.id = id;
    this.#options = options;
    this.#now = on.now;
    this.#control = new ScannerControl(kv, queue, id);
    this.#limiter = sharedLimiter(kv, source.name, options.limits ?? {}, on);
    this.#skip = skipPatterns(options);
    // Whoever waits for them hears of it.
    this.#skip.catch(() => {});
    this.#status = new Current<ScannerStatus>({ id, stopped: false, plugins: {} });
    const env: ScanEnvironment = {
      kv,
      queue,
      layout: this.#control.layout,
      source,
      plugin: (name) => this.#plugin(name),
      limit: this.#limiter,
      skip: () => this.#skip,
      schedule: async () => (await this.#control.settings()).schedule ?? schedule,
      penalties: options.penalties ?? {},
      partSize: options.partSize ?? 50_000,
      batchSize: options.batchSize ?? 1000,
      maxFailures: options.maxFailures ?? 1000,
      lookEvery: interval,
      onEvent: (event) => this.#events.next(event),
      platform: on,
    };
    this.#workers = new ScannerWorkers(queue, this.#control, scannerJob(env), concurrency, {
      onEvent: (plugin, { type, ...event }) => {
        this.#events.next({ ...event, type: 'job', became: type, plugin });
        this.#wake();
      },
      onError: () => this.#wake(),
    });
    const watching = kv.watch(this.#control.layout.settings).subscribe({ next: () => this.#wake(), error: () => {} });
    const registered = options.registry?.data$(scanPlugins).subscribe(() => this.#wake());
    this.#ended = this.#follow(on.sleep).finally(() => {
      watching.unsubscribe();
      registered?.unsubscribe();
    });
  }

  /** What is found by this process, and what becomes of its jobs. Findings that others make are in the store: see {@link findings$}. */
  get events$(): Observable<ScannerEvent> {
    return this.#events.asObservable();
  }

  /** How the scanner stands, now and after every change, whoever made it; a second late at the most. */
  get status$(): Observable<ScannerStatus> {
    return this.#status.value$;
  }

  /** How the scanner stands, as it was known a moment ago. */
  status(): ScannerStatus {
    return this.#status.value;
  }

  /**
   * Has a plugin scan, by whichever processes have it, now or when its schedule says so. Enabling it twice changes nothing.
   *
   * @throws InputError where this process has no plugin of this name, or was given patterns to skip that cannot be used
   */
  async enable(name: string): Promise<void> {
    this.#check();
    await this.#skip;
    if (this.#plugin(name) === undefined) {
      const names = this.#names();
      const known = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
      throw new InputError(`There is no scan plugin ${JSON.stringify(name)}: ${known}`);
    }
    await this.#control.enable(name, this.#now());
    await this.#refresh();
  }

  /** Stops a plugin in all processes and forgets how far it has come, so that enabling it again scans from scratch. What it found stays. */
  async disable(name: string): Promise<void> {
    this.#check();
    await this.#control.disable(name);
    await this.#refresh();
  }

  /** Changes schedule, limits and what is passed over, for all processes at once. */
  async change(changes: ScannerChanges): Promise<void> {
    this.#check();
    await skipPatterns(changes);
    await this.#control.change(changes);
    await this.#refresh();
  }

  /**
   * Has this process take no part any more, or with `everywhere` any process. Resolves when the jobs that it worked on have been given
   * back, each kept up to its last commit.
   */
  async stop({ everywhere = false }: { readonly everywhere?: boolean } = {}): Promise<void> {
    this.#check();
    if (everywhere) await this.#control.stop(true);
    else this.#isHere = false;
    await this.#refresh();
  }

  /** Ends a {@link Scanner.stop}. */
  async resume({ everywhere = false }: { readonly everywhere?: boolean } = {}): Promise<void> {
    this.#check();
    if (everywhere) await this.#control.stop(false);
    this.#isHere = true;
    await this.#refresh();
  }

  /** How far each plugin has come: what its last scan has kept, and how the one under way stands. */
  checkpoints(): Promise<Record<string, { readonly checkpoint?: Checkpoint; readonly run?: RunRecord }>> {
    this.#check();
    return this.#control.checkpoints();
  }

  /** Has every plugin start from scratch, those that are scanning among them. Gives the names of all that had come anywhere. */
  async resetCheckpoints(): Promise<string[]> {
    this.#check();
    const names = await this.#control.resetCheckpoints();
    await this.#refresh();
    return names;
  }

  /** Ends the use of this scanner; the store stays open, and what is under way is given back. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#ended;
  }

  #check(): void {
    if (this.#closing.signal.aborted) throw new ClosedError(`The scanner ${JSON.stringify(this.id)} is closed`);
  }

  /** Takes up what was changed, by whomever, until the scanner is closed. */
  async #follow(sleep: (ms: number, signal?: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const resting = new AbortController();
      this.#wake = () => resting.abort();
      // A store that does not answer is asked again.
      await this.#refresh().catch(() => {});
      const isScanning = Object.values(this.#status.value.plugins).some(({ state }) => state === 'scanning');
      if (!signal.aborted) await sleep(isScanning ? LOOK.scanning : LOOK.idle, resting.signal).catch(() => {});
    }
    await this.#workers.end();
    this.#status.complete();
    this.#events.complete();
  }

  /** One at a time: what the last one finds is how it is. */
  #refresh(): Promise<void> {
    const refreshing = this.#refreshing.then(() => this.#refreshNow());
    this.#refreshing = refreshing.catch(() => {});
    return refreshing;
  }

  async #refreshNow(): Promise<void> {
    const settings = await this.#control.settings();
    if (JSON.stringify(settings.limits) !== JSON.stringify(this.#settings.limits)) {
      this.#limiter.setLimits({ ...this.#options.limits, ...settings.limits });
    }
    const [before, now] = [this.#settings, settings].map((told) => ({ ...this.#options, ...told }));
    if (now !== undefined && said(now) !== said(before ?? {})) this.#skip = skipPatterns(now);
    this.#settings = settings;
    const isWorking = this.#isHere && !settings.isStopped && !this.#closing.signal.aborted;
    const names = this.#names().filter((name) => settings.enabled[name] !== undefined);
    await this.#workers.set(isWorking ? names : []);
    const status = await this.#control.status(this.#isHere);
    if (JSON.stringify(status) !== JSON.stringify(this.#status.value)) this.#status.next(status);
  }

  #plugin(name: string): ScanPlugin | undefined {
    const { plugins = [], registry } = this.#options;
    return plugins.find((plugin) => plugin.name === name) ?? registry?.view(scanPlugins).values(name)[0];
  }

  #names(): string[] {
    const { plugins = [], registry } = this.#options;
    return [...new Set([...plugins.map(({ name }) => name), ...(registry?.view(scanPlugins).keys() ?? [])])];
  }
}

/**
 * Makes a scanner, which takes part in the work on its store until it is closed. No plugin is enabled to begin with, but those that
 * were enabled before in this store are.
 *
 * @throws InputError for options that cannot be used
 *
 * @example
 * ```ts
 * const scanner = createScanner({
 *   kv: memoryKv(),
 *   server: couch('http://127.0.0.1:5984', { auth: { username: 'admin', password: 'secret' } }),
 *   plugins: [conflicts()],
 *   schedule: { repeat: '1_day' },
 * });
 * scanner.events$.subscribe((event) => {
 *   if (event.type === 'finding') console.log(event.db, event.id);
 * });
 * await scanner.enable('conflicts');
 * await scanner.close(); // when this process is to take no part any more
 * ```
 */
export function createScanner(options: ScannerOptions): Scanner {
  return new Scanner(options);
}

function sourceOf({ server, sources, databases }: ScannerOptions, onRetry: (notice: RetryNotice) => void): ScanSource {
  if ((server === undefined) === (sources === undefined)) {
    throw new InputError('A scanner needs either a server or sources');
  }
  if (databases !== undefined && server === undefined) {
    throw new InputError('Option databases names databases of a server: give the server, or the databases as sources');
  }
  if (server === undefined) return openSource(sources as Scannable, { onRetry });
  if (databases === undefined) return openSource(server, { onRetry });
  return openSource(
    databases.map((name) => server.db(name)),
    { onRetry, server },
  );
}

function said({ skipDbs, skipDdocs, skipDocs }: ScannerChanges): string {
  return [skipDbs, skipDdocs, skipDocs].map((patterns) => patterns?.map(String).join('\n')).join('\0');
}
