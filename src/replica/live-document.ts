import type { Subscriber } from 'rxjs';
import type { LiveDoc } from './live-doc.ts';
import type { ReplicaDoc } from './replica-doc.ts';

/** One who watches a document. */
export class LiveDocument {
  readonly id: string;
  readonly #subscriber: Subscriber<ReplicaDoc | undefined>;
  /** Of what was emitted last, if anything was. */
  #emitted: { readonly mark: string | undefined } | undefined;

  constructor(id: string, subscriber: Subscriber<ReplicaDoc | undefined>) {
    this.id = id;
    this.#subscriber = subscriber;
  }

  /** Takes the document as it is now, undefined where there is none. Emits it where it is not what was emitted last. */
  change(now: LiveDoc | undefined): void {
    const mark = now?.mark;
    if (this.#emitted !== undefined && this.#emitted.mark === mark) return;
    this.#emitted = { mark };
    this.#subscriber.next(now?.doc);
  }
}
