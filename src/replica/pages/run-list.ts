import type { Kv } from '../../kv/kv.ts';
import { list } from '../../kv/list.ts';
import { type Counter, decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import { decodeRun, type Run } from './run.ts';

/** What a commit makes of the runs. */
export interface RunChange {
  readonly added?: Run | undefined;
  readonly removed?: readonly Run[];
}

/** The runs of a replica as they are now. Asking costs one small read, as long as nobody else has written. */
export class RunList {
  readonly #kv: Kv;
  readonly #layout: Layout;
  /** With the token of the counter at which they were seen; without one they have to be listed again. */
  #known: { readonly token: string | undefined; readonly runs: readonly Run[] } = { token: undefined, runs: [] };

  constructor(kv: Kv, layout: Layout) {
    this.#kv = kv;
    this.#layout = layout;
  }

  /**
   * Sees every commit that was confirmed before.
   *
   * @throws StoreError (`missing`) when the replica has been destroyed
   */
  async current(): Promise<readonly Run[]> {
    return (await this.snapshot()).runs;
  }

  /** The same, with the counter that was seen before. */
  async snapshot(): Promise<{ readonly counter: Counter; readonly runs: readonly Run[] }> {
    const [entry] = await this.#kv.read([this.#layout.counter]);
    const counter = decodeCounter(entry, this.#layout.name);
    const { token } = counter;
    if (this.#known.token !== token) this.#known = { token, runs: await this.#list() };
    return { counter, runs: this.#known.runs };
  }

  /** A commit of our own has changed them. */
  change(
    { added, removed = [] }: RunChange,
    { before, after }: { readonly before: string; readonly after: string },
  ): void {
    if (this.#known.token !== before) return;
    const gone = new Set(removed.map(({ number }) => number));
    const kept = this.#known.runs.filter(({ number }) => !gone.has(number));
    this.#known = { token: after, runs: added === undefined ? kept : [...kept, added] };
  }

  /** What is known has turned out to be no longer true. */
  forget(): void {
    this.#known = { ...this.#known, token: undefined };
  }

  /**
   * Read after the token, they may be newer than it says, which costs no more than another look the next time. A run has a
   * higher number than those it was made of, and so none is missed where they are replaced between two pages of the list.
   */
  async #list(): Promise<Run[]> {
    const before = new Map(this.#known.runs.map((run) => [run.number, run]));
    const runs: Run[] = [];
    for await (const { key, value } of list(this.#kv, { prefix: this.#layout.runs })) {
      const number = Number(key.at(-1));
      runs.push(before.get(number) ?? decodeRun(number, value));
    }
    return runs;
  }
}
