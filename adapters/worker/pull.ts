import { type Observable, Subject } from 'rxjs';
import { Current } from '../../src/core/current.ts';
import type { Pull, PullEvent, PullResult, PullStatus } from '../../src/index.ts';
import { firstStatus } from '../../src/pull/status.ts';
import { type Awaited, type Command, PULL, type PullRequest, type Told, unpacked } from './messages.ts';
import type { WorkerPullOptions } from './options.ts';

/**
 * Pulls a database in a worker that calls {@link serveWorker}, so that the page's main thread stays free. The pull is the same as in the
 * page itself; the page reads from the same store by a handle of its own. Pulls of several tabs agree on one that works, as
 * everywhere.
 *
 * Errors come as they are there, for the guards (`isCouchError`, …) to tell apart; `instanceof` does not know them. What cannot be used
 * in the options is told by `done`.
 *
 * @example
 * ```ts
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
 * const running = pullInWorker(worker, 'https://couch.example/recipes', { store: 'recipes', mode: 'continuous' });
 * running.status$.subscribe(({ state }) => console.log(state));
 * const replica = await openReplica(await indexedDbKv('recipes'), 'recipes');
 * ```
 */
export function pullInWorker(worker: Worker, source: string, options: WorkerPullOptions): Pull {
  return new WorkerPull(worker, source, options);
}

type Settle = (error?: unknown) => void;

class WorkerPull implements Pull {
  readonly #port: MessagePort;
  readonly #status = new Current<PullStatus>(firstStatus);
  readonly #events$ = new Subject<PullEvent>();
  readonly #calls = new Map<number, Settle>();
  readonly #release: () => void;
  #lastCall = 0;
  #isOver = false;
  #finish: (result: PullResult) => void = () => {};
  #fail: Settle = () => {};
  readonly status$: Observable<PullStatus> = this.#status.value$;
  readonly events$: Observable<PullEvent> = this.#events$.asObservable();
  readonly done: Promise<PullResult>;
  readonly caughtUp: Promise<void>;

  constructor(worker: Worker, source: string, { signal, ...options }: WorkerPullOptions) {
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.caughtUp = new Promise((resolve, reject) => {
      const notYet = (): void => reject(new Ended('The pull ended before it had caught up'));
      const onEvent = ({ type }: PullEvent): void => (type === 'caught-up' ? resolve() : undefined);
      this.#events$.subscribe({ next: onEvent, complete: notYet });
    });
    // Whoever listens hears of the failure; nobody has to.
    this.done.catch(() => {});
    this.caughtUp.catch(() => {});
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(unpacked(data));
    // A script that cannot be loaded is told of without a message.
    const onError = ({ message = 'its script cannot be loaded' }: Partial<ErrorEvent>): void =>
      this.#endFailed(new Error(`The worker of the pull failed: ${message}`));
    const onAbort = (): void => this.#command({ type: 'stop' });
    worker.addEventListener('error', onError);
    signal?.addEventListener('abort', onAbort);
    this.#release = () => {
      worker.removeEventListener('error', onError);
      signal?.removeEventListener('abort', onAbort);
    };
    const request: PullRequest = { type: PULL, source, options };
    worker.postMessage(request, [port2]);
    if (signal?.aborted) onAbort();
  }

  status(): PullStatus {
    return this.#status.value;
  }

  pause(): void {
    this.#command({ type: 'pause' });
  }

  resume(): void {
    this.#command({ type: 'resume' });
  }

  async stop(): Promise<void> {
    this.#command({ type: 'stop' });
    await this.done.catch(() => {});
  }

  async inSync(what: Awaited = {}): Promise<void> {
    if (this.#isOver) throw new Ended('The pull is over');
    this.#lastCall += 1;
    const call = this.#lastCall;
    await new Promise<void>((resolve, reject) => {
      this.#calls.set(call, (error) => (error === undefined ? resolve() : reject(error)));
      this.#command({ type: 'inSync', call, what });
    });
  }

  #command(command: Command): void {
    if (!this.#isOver) this.#port.postMessage(command);
  }

  #hear(told: Told): void {
    switch (told.type) {
      case 'status':
        this.#status.next(told.status);
        return;
      case 'event':
        this.#events$.next(told.event);
        return;
      case 'inSync':
        this.#calls.get(told.call)?.(told.error);
        this.#calls.delete(told.call);
        return;
      case 'done':
        this.#end(() => this.#finish(told.result));
        return;
      case 'failed':
        this.#endFailed(told.error);
        return;
    }
  }

  #endFailed(error: unknown): void {
    const status = this.status();
    if (status.state !== 'failed') {
      // It failed without a pull that could tell it.
      this.#status.next({ ...status, state: 'failed', error });
      this.#events$.next({ type: 'error', error });
    }
    this.#end(() => this.#fail(error));
  }

  #end(settle: () => void): void {
    this.#isOver = true;
    this.#release();
    this.#port.close();
    this.#events$.complete();
    this.#status.complete();
    for (const call of this.#calls.values()) call(new Ended('The pull ended before it was in sync'));
    settle();
  }
}

/** What was waited for comes no more. */
class Ended extends Error {
  override readonly name = 'AbortError';
}
