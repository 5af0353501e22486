import { childController } from '../core/abort.ts';
import { ClosedError } from '../core/errors.ts';

/** Locks by name among the callers of one process, granted in the order in which they were asked for. */
export class NamedLocks {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  /**
   * Waits for the lock, runs, and passes it on whatever the outcome.
   *
   * @param run is given a signal that aborts with the caller's, and when the locks are closed
   */
  async run<R>(name: string, run: (signal: AbortSignal) => Promise<R>, signal?: AbortSignal): Promise<R> {
    const { promise: released, resolve: release } = promiseWithResolvers();
    const before = this.#tails.get(name);
    const tail = before === undefined ? released : before.then(() => released);
    this.#tails.set(name, tail);
    // Not before the tail: a caller that gave up while waiting still stands between its neighbours.
    void tail.then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    const controller = childController(signal, this.#closing.signal);
    try {
      await settledOrAborted(before, controller.signal);
      return await run(controller.signal);
    } finally {
      controller.release();
      release();
    }
  }

  /** Refuses everybody who waits, and tells everybody who runs. */
  close(): void {
    this.#closing.abort(new ClosedError('The store is closed'));
  }
}

/** @throws the reason of the signal when that aborts first */
async function settledOrAborted(before: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (before === undefined) return;
  const { promise: aborted, resolve } = promiseWithResolvers();
  signal.addEventListener('abort', resolve, { once: true });
  await Promise.race([before, aborted]);
  signal.removeEventListener('abort', resolve);
  signal.throwIfAborted();
}

function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
