import { type Followed, readSeq } from './followed.ts';
import { LiveAudience } from './live-audience.ts';
import type { LiveDocument } from './live-document.ts';
import { Hints } from './live-hints.ts';
import type { LiveRange } from './live-range.ts';
import type { Shown } from './read.ts';

/**
 * Reads for everybody who watches documents of a replica. A look at what has changed costs one small read, one of the order
 * of changes where there are any, and those of the documents among them that somebody watches, each read once.
 *
 * Looks come one after the other, so that nobody is shown something older than what he has seen.
 */
export class LiveReader {
  readonly #followed: Followed;
  readonly #signal: AbortSignal;
  readonly #hints: Hints;
  /** By what is shown. */
  readonly #audiences = new Map<string, LiveAudience>();
  /** Up to which change all have been shown. */
  #seq: number | undefined;

  /** @param signal ends it */
  constructor(followed: Followed, signal: AbortSignal) {
    this.#followed = followed;
    this.#signal = signal;
    this.#hints = new Hints(followed, signal);
  }

  /** Returns how he leaves. */
  addDocument(document: LiveDocument, shown: Shown): () => void {
    const audience = this.#audienceOf(shown);
    audience.addDocument(document);
    this.#hints.hurry();
    return () => audience.removeDocument(document);
  }

  /** Returns how he leaves. */
  addRange(range: LiveRange, shown: Shown): () => void {
    const audience = this.#audienceOf(shown);
    audience.addRange(range);
    this.#hints.hurry();
    return () => audience.removeRange(range);
  }

  /** Looks again and again. Rejects with the reason of the end, or with what makes a look fail. */
  async run(): Promise<never> {
    try {
      for (;;) {
        await this.#hints.next();
        await this.#followed.lifetime.run(() => this.#look());
      }
    } finally {
      this.#hints.close();
    }
  }

  async #look(): Promise<void> {
    const { storage } = this.#followed;
    const seq = await readSeq(this.#followed);
    let shown = seq;
    // Who has come since the last look is shown what is there now: he needs nothing of what was before.
    if (this.#seq !== undefined && this.#seq < seq) {
      for await (const changes of storage.changedIds(this.#seq)) {
        const ids = changes.map(({ id }) => id);
        for (const audience of this.#audiences.values()) await audience.change(ids, storage, this.#signal);
        shown = Math.max(shown, changes.at(-1)?.seq ?? 0);
      }
    }
    this.#seq = shown;
    for (const audience of this.#audiences.values()) await audience.show(storage, this.#signal);
  }

  #audienceOf({ revs = false, conflicts = false }: Shown): LiveAudience {
    const name = JSON.stringify([revs, conflicts]);
    const audience = this.#audiences.get(name) ?? new LiveAudience({ revs, conflicts });
    this.#audiences.set(name, audience);
    return audience;
  }
}
