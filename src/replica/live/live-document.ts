import type { ReplicaDoc } from '../replica-doc.ts';
import type { LiveDoc } from './live-doc.ts';
import { LiveViewers } from './viewers.ts';

/** A document that is watched. */
export class LiveDocument {
  readonly viewers = new LiveViewers<ReplicaDoc | undefined>();
  #now: LiveDoc | undefined;
  #isChanged = false;

  /** Takes the document as it is now; undefined where there is none. */
  change(now: LiveDoc | undefined): void {
    if (now?.mark === this.#now?.mark) return;
    this.#now = now;
    this.#isChanged = true;
  }

  /** Emits it, where that is not what was emitted last. */
  show(): void {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    this.viewers.show(this.#now?.doc, isChanged);
  }
}
