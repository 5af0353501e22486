import { Observable, Subject } from 'rxjs';
import { packedText } from './packed-text.ts';

/** Follows changes that this process does not make itself, for as long as somebody watches. */
export type Follow = (signal: AbortSignal) => void;

/** The watches of one store handle, by packed key. */
export class Watchers {
  readonly #subjects = new Map<string, Subject<void>>();
  readonly #follow: Follow;
  #following = new AbortController();
  #closed = false;

  /** @param follow is called when the first watch begins; its signal aborts when the last one has ended */
  constructor(follow: Follow = () => {}) {
    this.#follow = follow;
  }

  /** What `Kv.watch` returns. */
  watch(key: Uint8Array): Observable<void> {
    const name = packedText(key);
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.complete();
        return;
      }
      const subject = this.#subjects.get(name) ?? this.#begin(name);
      subscriber.add(subject.subscribe(subscriber));
      subscriber.add(() => {
        if (!subject.observed) this.#end(name);
      });
      subscriber.next();
    });
  }

  /** Tells those who watch one of these keys that it has changed. */
  changed(keys: Iterable<Uint8Array>): void {
    if (this.#subjects.size === 0) return;
    for (const name of new Set(Array.from(keys, packedText))) this.#subjects.get(name)?.next();
  }

  /** Tells everybody who watches that something may have changed. */
  anyChanged(): void {
    for (const subject of [...this.#subjects.values()]) subject.next();
  }

  /** Completes every watch, also those that begin later. */
  close(): void {
    this.#closed = true;
    for (const subject of [...this.#subjects.values()]) subject.complete();
  }

  #begin(name: string): Subject<void> {
    const subject = new Subject<void>();
    this.#subjects.set(name, subject);
    if (this.#subjects.size === 1) {
      this.#following = new AbortController();
      this.#follow(this.#following.signal);
    }
    return subject;
  }

  #end(name: string): void {
    this.#subjects.delete(name);
    if (this.#subjects.size === 0) this.#following.abort();
  }
}
