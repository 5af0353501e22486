import { Observable, type Subscriber } from 'rxjs';
import { type ChildController, childController } from '../../core/abort.ts';
import type { AllDocsRange } from '../all-docs.ts';
import type { Shown } from '../read.ts';
import type { ReplicaDoc } from '../replica-doc.ts';
import type { LiveViewer } from './audience.ts';
import type { Followed } from './followed.ts';
import { LiveReader } from './live-reader.ts';

/** Documents of a replica as they are, and again whenever they have changed. Everybody is served by one reader. */
export class LiveReads {
  readonly #followed: Followed;
  #session: Session | undefined;

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  /** See `ReplicaReads.doc$`. */
  doc$(id: string, shown: Shown): Observable<ReplicaDoc | undefined> {
    return this.#watch(shown, (subscriber) => ({ id, subscriber }));
  }

  /** See `ReplicaReads.docs$`. */
  docs$({ revs, conflicts, ...range }: AllDocsRange & Shown): Observable<readonly ReplicaDoc[]> {
    return this.#watch({ revs, conflicts }, (subscriber) => ({ range, subscriber }));
  }

  #watch<T>(shown: Shown, as: (subscriber: Subscriber<T>) => LiveViewer): Observable<T> {
    this.#followed.lifetime.check();
    return new Observable((subscriber) => {
      const session = this.#current();
      session.subscribers.add(subscriber);
      const leave = session.reader.add(as(subscriber), shown);
      return () => {
        leave();
        session.subscribers.delete(subscriber);
        if (session.subscribers.size === 0) this.#end(session);
      };
    });
  }

  /** Begins to read with the first who comes. */
  #current(): Session {
    if (this.#session !== undefined) return this.#session;
    const end = childController(this.#followed.lifetime.signal);
    const session = {
      reader: new LiveReader(this.#followed, end.signal),
      subscribers: new Set<Subscriber<never>>(),
      end,
    };
    this.#session = session;
    session.reader.run().catch((error: unknown) => {
      this.#end(session);
      for (const subscriber of session.subscribers) subscriber.error(error);
    });
    return session;
  }

  /** Ends with the last who leaves, and when reading fails: whoever comes after that begins anew. */
  #end(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    session.end.abort();
    session.end.release();
  }
}

/** The time from the first who watches to the last. */
interface Session {
  readonly reader: LiveReader;
  /** Those who are to hear of it when reading fails. */
  readonly subscribers: Set<Subscriber<never>>;
  readonly end: ChildController;
}
