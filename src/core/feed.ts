import { Observable, type Subscriber } from 'rxjs';
import { childController } from './abort.ts';

/**
 * Opens the work behind a feed: batches of values, read only as fast as they are asked for. The signal aborts when the
 * reader has left; closing what was opened is up to the iterable.
 */
export type OpenFeed<T> = (signal: AbortSignal) => AsyncIterable<readonly T[]>;

/**
 * An observable that is also an async iterable. Nothing happens before somebody subscribes or iterates, and each
 * reader gets work of its own.
 *
 * - Subscribers get every value as it arrives, synchronously; unsubscribing aborts the work and the socket behind it.
 * - `for await` asks for the next values only when it wants them, so memory stays flat however slow the loop is; leaving
 *   the loop aborts the work.
 *
 * An abort through the caller's own signal is reported as that signal's reason; an abort by leaving is no error.
 *
 * @example
 * ```ts
 * const numbers = new Feed<number>(async function* () {
 *   yield [1, 2];
 *   yield [3];
 * });
 * for await (const n of numbers) console.log(n);
 * numbers.subscribe((n) => console.log(n));
 * ```
 */
export class Feed<T> extends Observable<T> implements AsyncIterable<T> {
  readonly #open: OpenFeed<T>;
  readonly #signal: AbortSignal | undefined;

  constructor(open: OpenFeed<T>, options: { signal?: AbortSignal | undefined } = {}) {
    super((subscriber) => {
      const reader = this.batches()[Symbol.asyncIterator]();
      void push(reader, subscriber);
      return () => void reader.return?.().catch(ignoreOwnAbort);
    });
    this.#open = open;
    this.#signal = options.signal;
  }

  /** The values in the batches in which they arrive: the way for code that handles many at a time. */
  batches(): AsyncIterable<readonly T[]> {
    return { [Symbol.asyncIterator]: () => readBatches(this.#open, this.#signal) };
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const batches = this.batches()[Symbol.asyncIterator]();
    let batch: readonly T[] = [];
    let position = 0;
    return {
      async next() {
        while (position >= batch.length) {
          const result = await batches.next();
          if (result.done) return { done: true, value: undefined };
          batch = result.value;
          position = 0;
        }
        return { done: false, value: batch[position++] as T };
      },
      async return() {
        batch = [];
        position = 0;
        await batches.return?.();
        return { done: true, value: undefined };
      },
    };
  }
}

/** An iterator whose `return` aborts at once, also while a `next` is waiting for the network. */
function readBatches<T>(open: OpenFeed<T>, signal: AbortSignal | undefined): AsyncIterator<readonly T[], undefined> {
  const controller = childController(signal);
  let iterator: AsyncIterator<readonly T[]> | undefined;
  let ended = false;
  const end = (): { done: true; value: undefined } => {
    ended = true;
    controller.release();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        controller.signal.throwIfAborted();
        iterator ??= open(controller.signal)[Symbol.asyncIterator]();
        const result = await iterator.next();
        return result.done || ended ? end() : result;
      } catch (error) {
        if (ended) return { done: true, value: undefined };
        end();
        // Whoever hears of the end finds everything closed.
        await iterator?.return?.().catch(ignoreOwnAbort);
        throw error;
      }
    },
    async return() {
      end();
      controller.abort();
      await iterator?.return?.().catch(ignoreOwnAbort);
      return { done: true, value: undefined };
    },
  };
}

async function push<T>(reader: AsyncIterator<readonly T[]>, subscriber: Subscriber<T>): Promise<void> {
  try {
    for (;;) {
      const result = await reader.next();
      if (subscriber.closed) return;
      if (result.done) break;
      for (const value of result.value) {
        subscriber.next(value);
        if (subscriber.closed) return;
      }
    }
    subscriber.complete();
  } catch (error) {
    subscriber.error(error);
  }
}

/** The reader has left: what the aborted work then says has nobody left to hear it. */
function ignoreOwnAbort(): void {}
