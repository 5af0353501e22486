import { Subscription, type Unsubscribable } from 'rxjs';
import { type Backoff, backoffDelay } from '../../core/backoff.ts';
import { ClosedError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { type DataKey, sameEntries } from './data-key.ts';
import { type DataEntry, type EntryKey, type KeptEntry, keepEntries } from './entry.ts';

/** Where data come from: any observable of lists of entries. Each list replaces the one before. */
export interface DataSource<K extends EntryKey = EntryKey, V = unknown> {
  subscribe(observer: {
    readonly next: (entries: Iterable<DataEntry<K, V>>) => void;
    readonly error: (error: unknown) => void;
    readonly complete: () => void;
  }): Unsubscribable;
}

/** How long a source that has failed is left alone: a second at the most at first, half a minute in the end. */
const RETRY: Backoff = { base: 1000, cap: 30_000 };

/** Who a contribution reports to. */
export interface ContributionEvents {
  /** There are other entries, or they have become stale or fresh. */
  changed(): void;
  /** The source has failed. */
  failed(error: unknown): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One source of data and what it last delivered. It is listened to as long as somebody holds it; when it fails, what it has
 * delivered stays, and it is tried again, later and later.
 */
export class Contribution<K extends EntryKey = EntryKey, V = unknown> {
  readonly #data: DataKey<K, V>;
  readonly #source: DataSource<K, V>;
  readonly #events: ContributionEvents;
  readonly #platform: Pick<Platform, 'sleep' | 'random'>;
  readonly #waiting = new Set<Waiting>();
  #entries: readonly KeptEntry<K, V>[] | undefined;
  #error: unknown;
  #failures = 0;
  #holders = 0;
  #run: Subscription | undefined;

  /** @param before what this one takes the place of: its entries hold until there are others */
  constructor(
    data: DataKey<K, V>,
    source: DataSource<K, V>,
    events: ContributionEvents,
    platform: Pick<Platform, 'sleep' | 'random'>,
    before?: Contribution<K, V>,
  ) {
    this.#data = data;
    this.#source = source;
    this.#events = events;
    this.#platform = platform;
    this.#entries = before?.entries;
  }

  /** What the source last delivered, the same list until that changes; undefined before it has delivered anything. */
  get entries(): readonly KeptEntry<K, V>[] | undefined {
    return this.#entries;
  }

  /** Whether the source has delivered or failed. */
  get isSettled(): boolean {
    return this.#entries !== undefined || this.isStale;
  }

  /** Whether the source has failed since it last delivered. */
  get isStale(): boolean {
    return this.#failures > 0;
  }

  /** What it has failed of. */
  get error(): unknown {
    return this.#error;
  }

  /** Listens to the source until what this returns is called, and others who hold it have let go too. */
  hold(): () => void {
    this.#holders += 1;
    if (this.#holders === 1) this.#begin();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders -= 1;
      if (this.#holders === 0) this.#end();
    };
  }

  /** Resolves when the source has delivered or failed for the first time. */
  async settled(): Promise<void> {
    if (this.isSettled) return;
    await this.#next().catch(() => {
      // A failure is an answer as well, and it is reported.
    });
  }

  /** Listens to the source anew; resolves when it has delivered, rejects with what it fails of. */
  async reload(): Promise<void> {
    this.#end();
    await this.#next();
  }

  /** It is contributed no more: nobody waits for it. */
  close(): void {
    this.#settle(({ reject }) => reject(new ClosedError('What was waited for is not contributed any more')));
  }

  #begin(): void {
    const run = new Subscription();
    this.#run = run;
    const isOver = (): boolean => this.#run !== run;
    const error = (cause: unknown): void => {
      if (isOver()) return;
      this.#fail(cause);
      void this.#tryAgain(run);
    };
    const next = (entries: Iterable<DataEntry<K, V>>): void => {
      if (!isOver()) this.#accept(entries);
    };
    const complete = (): void => {
      if (isOver()) return;
      if (this.#entries === undefined && !this.isStale) this.#accept([]);
      this.#settle(({ resolve }) => resolve());
    };
    try {
      run.add(this.#source.subscribe({ next, error, complete }));
    } catch (cause) {
      error(cause);
    }
  }

  #end(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.unsubscribe();
  }

  #accept(delivered: Iterable<DataEntry<K, V>>): void {
    let entries: readonly KeptEntry<K, V>[];
    try {
      entries = keepEntries(delivered);
      if (this.#entries !== undefined && sameEntries(this.#data, this.#entries, entries)) entries = this.#entries;
    } catch (error) {
      // It may deliver something better next: there is no need to listen anew.
      this.#fail(error);
      return;
    }
    const isNews = entries !== this.#entries || this.isStale;
    this.#entries = entries;
    this.#failures = 0;
    this.#error = undefined;
    if (isNews) this.#events.changed();
    this.#settle(({ resolve }) => resolve());
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    this.#error = error;
    this.#events.failed(error);
    this.#events.changed();
    this.#settle(({ reject }) => reject(error));
  }

  async #tryAgain(run: Subscription): Promise<void> {
    const sleeping = new AbortController();
    run.add(() => sleeping.abort());
    try {
      await this.#platform.sleep(backoffDelay(this.#failures, RETRY, this.#platform.random()), sleeping.signal);
    } catch {
      return;
    }
    this.#end();
    this.#begin();
  }

  /** The next delivery or failure of a source that is listened to, or is now. */
  #next(): Promise<void> {
    let release = (): void => {};
    const outcome = new Promise<void>((resolve, reject) => {
      this.#waiting.add({ resolve, reject });
      release = this.hold();
      if (this.#run === undefined) this.#begin();
    });
    return outcome.finally(() => release());
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const one of waiting) how(one);
  }
}
