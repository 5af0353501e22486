import type { KeptRun } from './kept-run.ts';

/** A run while it is in one database. */
export class Visit {
  readonly kept: KeptRun;
  #isStopped = false;

  constructor(kept: KeptRun) {
    this.kept = kept;
  }

  /** Whether it wants more of what is being listed. */
  get goesOn(): boolean {
    return !this.#isStopped && this.kept.run.outcome === undefined;
  }

  /** It wants no more of what is being listed. */
  stop(): void {
    this.#isStopped = true;
  }

  /** It is shown the next list. */
  goOn(): void {
    this.#isStopped = false;
  }
}
