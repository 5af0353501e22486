import { NEVER } from 'rxjs';
import { StoreError } from '../../src/core/errors.ts';
import type { Decision, Entry, Key, Kv, UpdateOptions } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { type Deferred, deferred } from '../support/deferred.ts';

/** How a commit fails: it was not done, or it was done and its answer is lost. Who asked for it cannot tell which. */
export type Fault = 'not done' | 'answer lost';

/** A commit that is held back. */
export interface Held {
  /** When it has come so far. */
  readonly reached: Promise<void>;
  release(): void;
}

interface Hold {
  readonly kind: string | undefined;
  readonly reached: Deferred;
  readonly released: Deferred;
}

/** A store that does not work as it should, when a test says so. */
export class AlteredStore {
  /** The store as it is spoilt. */
  readonly kv: Kv;
  /** The store as it is. */
  readonly under: Kv;
  /** How many commits have written something so far. */
  commits = 0;
  /** How often it was asked for anything. */
  requests = 0;
  /** Whether it answers everything with an error. */
  isAway = false;
  /** Whether watches keep quiet. */
  isDeaf = false;
  readonly #faults: Fault[] = [];
  readonly #holds: Hold[] = [];

  constructor(under: Kv = memoryKv()) {
    this.under = under;
    this.kv = alteredKv(under, {
      read: async (keys) => {
        this.#ask();
        return under.read(keys);
      },
      page: async (range, options) => {
        this.#ask();
        return under.page(range, options);
      },
      update: (guards, decide, options) => this.#update(guards, decide, options),
      watch: (key) => (this.isDeaf ? NEVER : under.watch(key)),
    });
  }

  /** The commits that come next fail, one by one. */
  fail(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Holds back the next commit, or the next that guards something of a kind, before it reaches the store. */
  hold(kind?: string): Held {
    const [reached, released] = [deferred(), deferred()];
    this.#holds.push({ kind, reached, released });
    return { reached: reached.promise, release: () => released.resolve() };
  }

  async #update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    options?: UpdateOptions,
  ): Promise<R> {
    this.#ask();
    const at = this.#holds.findIndex(({ kind }) => kind === undefined || guards.some((key) => key[1] === kind));
    const [held] = at < 0 ? [] : this.#holds.splice(at, 1);
    held?.reached.resolve();
    await held?.released.promise;
    const fault = this.#faults.shift();
    if (fault === 'not done') throw unknown();
    let writes = 0;
    const result = await this.under.update(
      guards,
      (seen) => {
        const decision = decide(seen);
        writes = (decision.set?.length ?? 0) + (decision.delete?.length ?? 0);
        return decision;
      },
      options,
    );
    if (writes > 0) this.commits += 1;
    if (fault === 'answer lost') throw unknown();
    return result;
  }

  #ask(): void {
    this.requests += 1;
    if (this.isAway) throw unknown();
  }
}

function unknown(): StoreError {
  return new StoreError('Nobody knows what became of it', 'failed');
}
