import { InputError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';

/** How much one run of a scan may take. It ends soon after the first of them is reached, at a place from which it can be resumed. */
export interface ScanBudget {
  /** Milliseconds. */
  readonly ms?: number;
  /** Documents that are looked at. */
  readonly documents?: number;
  /** Requests that are sent. */
  readonly requests?: number;
}

/** Watches a budget. */
export class Budget {
  readonly #budget: ScanBudget;
  readonly #elapsed: () => number;
  readonly #requests: () => number;
  readonly #start: number;
  readonly #requestsBefore: number;
  #isSpent = false;

  /** @throws InputError for what is no number of its kind */
  constructor(budget: ScanBudget, { elapsed }: Pick<Platform, 'elapsed'>, requests: () => number) {
    for (const [name, value] of Object.entries(budget)) {
      if (!['ms', 'documents', 'requests'].includes(name)) {
        throw new InputError(`A budget has no ${JSON.stringify(name)}: there are ms, documents and requests`);
      }
      if (value !== undefined && !(value > 0)) {
        throw new InputError(`The ${name} of a budget must be above 0, not ${String(value)}`);
      }
    }
    this.#budget = budget;
    this.#elapsed = elapsed;
    this.#requests = requests;
    this.#start = elapsed();
    this.#requestsBefore = requests();
  }

  /** Ends the run as soon as it can be resumed. */
  spend(): void {
    this.#isSpent = true;
  }

  /** @param documents how many have been looked at */
  isSpent(documents: number): boolean {
    const { ms = Infinity, documents: most = Infinity, requests = Infinity } = this.#budget;
    return (
      this.#isSpent ||
      documents >= most ||
      this.#elapsed() - this.#start >= ms ||
      this.#requests() - this.#requestsBefore >= requests
    );
  }

  /** How many documents may still be looked at. */
  documentsLeft(documents: number): number {
    return Math.max(1, (this.#budget.documents ?? Infinity) - documents);
  }
}
