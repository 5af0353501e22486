import { childController } from '../../src/core/abort.ts';
import { ClosedError, ContentionError, StoreError } from '../../src/core/errors.ts';
import { platform } from '../../src/core/platform.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { transact } from '../../src/kv/transact.ts';
import type { DenoKvDatabase } from './database.ts';
import { asStoreError } from './failure.ts';

/** A database that is open. */
export interface Opened {
  readonly database: DenoKvDatabase;
  /** For people: a path, or a url without credentials. */
  readonly name: string;
  readonly reach: Kv['reach'];
  /** Whether it was opened for the store, and is closed with it. */
  readonly isOwn: boolean;
}

/** The way to a database, for as long as the store is open. */
export class Connection {
  readonly #opened: Opened;
  readonly #platform = platform();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  /** What is under way when the store is closed is finished, and nothing begins after. */
  async use<R>(run: (database: DenoKvDatabase) => Promise<R>): Promise<R> {
    this.#closing.signal.throwIfAborted();
    const running = run(this.#opened.database);
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      throw asStoreError(error, this.#opened.name);
    } finally {
      this.#underWay.delete(running);
    }
  }

  /**
   * Tries something again while others are in the way: a file has one writer at a time, and Deno KV does not wait for its
   * turn.
   *
   * @param attempt gives its result in an array of one, and an empty one when it has lost a race
   */
  async patiently<R>(attempt: () => Promise<readonly [R] | readonly []>, signal?: AbortSignal): Promise<R> {
    const either = childController(signal, this.#closing.signal);
    let busy: StoreError | undefined;
    const tried = async (): Promise<readonly [R] | readonly []> => {
      try {
        busy = undefined;
        return await attempt();
      } catch (error) {
        if (!(error instanceof StoreError && error.failure === 'busy')) throw error;
        busy = error;
        return [];
      }
    };
    const lost = (): Error =>
      busy ?? new ContentionError('Others changed the same keys too often, nothing was written: try again later');
    try {
      return await transact(tried, { platform: this.#platform, lost, signal: either.signal });
    } finally {
      either.release();
    }
  }

  close(): Promise<void> {
    this.#closing.abort(new ClosedError('The store is closed'));
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const { database, isOwn, name } = this.#opened;
    try {
      if (isOwn) database.close();
    } catch (error) {
      throw asStoreError(error, name);
    }
  }
}
