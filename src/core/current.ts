import { Observable, Subject } from 'rxjs';

/** A value that changes, until it has its last one. */
export class Current<T> {
  #value: T;
  #isLast = false;
  readonly #changes$ = new Subject<T>();
  /** The value, now and after every change; completes after the last one, which also those see who come later. */
  readonly value$: Observable<T> = new Observable((subscriber) => {
    const wasLast = this.#isLast;
    // Before it sees anything, as that may make whoever sees it change the value.
    if (!wasLast) this.#changes$.subscribe(subscriber);
    subscriber.next(this.#value);
    if (wasLast) subscriber.complete();
  });

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  next(value: T): void {
    this.#value = value;
    this.#changes$.next(value);
  }

  /** There are no more changes. */
  complete(): void {
    this.#isLast = true;
    this.#changes$.complete();
  }
}
