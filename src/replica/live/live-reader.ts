import type { Shown } from '../read.ts';
import { LiveAudience, type LiveViewer } from './audience.ts';
import { type Followed, readSeq } from './followed.ts';
import { Hints } from './hints.ts';

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
  /** By what they are shown of a document. */
  readonly #audiences = new Map<string, LiveAudience>();
  /** Those who have come since the last look began: what it has read may be older than what they know. */
  readonly #coming = new Map<LiveViewer, LiveAudience>();
  /** Up to which change everything has been shown. */
  #seq: number | undefined;

  /** @param signal ends it */
  constructor(followed: Followed, signal: AbortSignal) {
    this.#followed = followed;
    this.#signal = signal;
    this.#hints = new Hints(followed, signal);
  }

  /** Returns how he leaves. */
  add(viewer: LiveViewer, shown: Shown): () => void {
    const audience = this.#audienceOf(shown);
    this.#coming.set(viewer, audience);
    this.#hints.hurry();
    return () => {
      this.#coming.delete(viewer);
      audience.remove(viewer);
    };
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
    for (const [viewer, audience] of this.#coming) audience.add(viewer);
    this.#coming.clear();
    const seq = await readSeq(this.#followed);
    let shown = seq;
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
