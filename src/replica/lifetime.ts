import { ClosedError } from '../core/errors.ts';

/** The time from the opening of a handle to its closing, and what is under way in it. */
export class Lifetime {
  readonly #subject: string;
  readonly #underway = new Set<Promise<unknown>>();
  readonly #end = new AbortController();

  /** @param subject what is open, as the beginning of a sentence */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Aborts when it is over, with a ClosedError whose cause is the reason. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** @throws ClosedError once it is over */
  check(): void {
    this.#end.signal.throwIfAborted();
  }

  /** Carries out something that the end waits for. Where the end makes it fail, it fails like everything after it. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    this.check();
    const running = operation();
    this.#underway.add(running);
    try {
      return await running;
    } catch (error) {
      this.check();
      throw error;
    } finally {
      this.#underway.delete(running);
    }
  }

  /** Goes through batches as they are asked for, until the end, which does not wait for it. */
  async *through<T>(batches: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    this.check();
    try {
      for await (const batch of batches) {
        yield batch;
        this.check();
      }
    } catch (error) {
      this.check();
      throw error;
    }
  }

  /** The first reason counts. Resolves when nothing is under way any more. */
  async end(reason?: unknown): Promise<void> {
    const options = reason === undefined ? undefined : { cause: reason };
    this.#end.abort(new ClosedError(`${this.#subject} is closed`, options));
    await Promise.allSettled(this.#underway);
  }
}
