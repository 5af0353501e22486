import { Observable, ReplaySubject, type Subscriber, share, switchMap } from 'rxjs';
import { childController } from '../../core/abort.ts';
import type { AllDocsRange } from '../all-docs.ts';
import type { Shown } from '../read.ts';
import type { ReplicaDoc } from '../replica-doc.ts';
import type { LiveViewer } from './audience.ts';
import type { Followed } from './followed.ts';
import { LiveReader } from './live-reader.ts';

/** Documents of a replica as they are, and again whenever they have changed. Everybody is served by one reader. */
export class LiveReads {
  readonly #followed: Followed;
  /** Begins to read with the first who comes, and ends with the last who leaves. */
  readonly #reader$: Observable<LiveReader>;

  constructor(followed: Followed) {
    this.#followed = followed;
    this.#reader$ = new Observable<LiveReader>((subscriber) => {
      const end = childController(followed.lifetime.signal);
      const reader = new LiveReader(followed, end.signal);
      subscriber.next(reader);
      reader.run().catch((error: unknown) => subscriber.error(error));
      return () => {
        end.abort();
        end.release();
      };
    }).pipe(share({ connector: () => new ReplaySubject(1) }));
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
    return this.#reader$.pipe(
      switchMap((reader) => new Observable<T>((subscriber) => reader.add(as(subscriber), shown))),
    );
  }
}
