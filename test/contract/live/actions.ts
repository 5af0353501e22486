import type { Observable } from 'rxjs';
import type { Replica, ReplicaDoc } from '../../../src/index.ts';
import { write } from '../target/actions.ts';

export { write };

/** What an observable tells, kept, to be waited for. */
export interface Watched<T> {
  readonly values: readonly T[];
  /** The first value from now on, or the newest there is, that is as it should be. Fails with the observable. */
  until(isReached: (value: T) => boolean): Promise<T>;
  /** The error with which it ends. */
  readonly failure: Promise<unknown>;
  leave(): void;
}

/** Watches something until the case leaves it, or the replica is closed. */
export function watch<T>(observable: Observable<T>): Watched<T> {
  const values: T[] = [];
  let wake = (): void => {};
  let end: { readonly error: unknown } | undefined;
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<unknown>((resolve) => {
    fail = resolve;
  });
  const finish = (error: unknown): void => {
    end = { error };
    fail(error);
    wake();
  };
  const subscription = observable.subscribe({
    next(value) {
      values.push(value);
      wake();
    },
    error: finish,
    complete: () => finish(new Error('It completed')),
  });
  return {
    values,
    async until(isReached) {
      for (let seen = Math.max(0, values.length - 1); ; ) {
        for (const value of values.slice(seen)) {
          if (isReached(value)) return value;
          seen += 1;
        }
        if (end !== undefined) throw end.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    failure,
    leave: () => subscription.unsubscribe(),
  };
}

/** Ids and revisions: `a 1-x`. */
export function names(docs: readonly ReplicaDoc[]): string {
  return docs.map(({ _id, _rev }) => `${_id} ${_rev}`).join(', ');
}

/** Waits until a reader of a replica has shown all that was written before: what has not been told by then never is. */
export async function settle(reader: Replica, writer: Replica): Promise<void> {
  const id = `marker-${crypto.randomUUID()}`;
  const marker = watch(reader.doc$(id));
  await marker.until((doc) => doc === undefined);
  await write(writer, id, '1-a');
  await marker.until((doc) => doc !== undefined);
  marker.leave();
}
