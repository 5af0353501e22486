import type { Subscriber } from 'rxjs';

/** Those who watch the same. */
export class LiveViewers<T> {
  readonly #all = new Set<Subscriber<T>>();
  /** Those of them who have not been shown anything. */
  readonly #new = new Set<Subscriber<T>>();

  get areNone(): boolean {
    return this.#all.size === 0;
  }

  add(viewer: Subscriber<T>): void {
    this.#all.add(viewer);
    this.#new.add(viewer);
  }

  remove(viewer: Subscriber<T>): void {
    this.#all.delete(viewer);
    this.#new.delete(viewer);
  }

  /** Shows a value to everybody, or, where it is that of the last time, to those who have not seen it. */
  show(value: T, isChanged: boolean): void {
    const viewers = [...(isChanged ? this.#all : this.#new)];
    this.#new.clear();
    for (const viewer of viewers) viewer.next(value);
  }
}
