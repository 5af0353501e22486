import type { Observable } from 'rxjs';
import { isClosedError, isStoreError, type Replica } from '../../../src/index.ts';
import { equal, ok, rejection } from '../assert.ts';
import type { LiveCase } from '../live-case.ts';
import { watch, write } from './actions.ts';

/** How live reads end. */
export const ending: readonly LiveCase[] = [
  {
    name: 'ends with a ClosedError that says why when the replica is closed, and leaves other handles alone',
    async run(open) {
      const [replica, other] = [await open(), await open()];
      const later = replica.doc$('a');
      const watched = everything(replica).map(watch);
      const staying = watch(other.doc$('a'));
      await Promise.all([...watched, staying].map((one) => one.until(() => true)));
      const reason = new Error('The page is left');
      await replica.close(reason);
      for (const { failure } of [...watched, watch(later)]) {
        const error = await failure;
        ok(isClosedError(error) && error.cause === reason, `It ended with ${error}`);
      }
      for (const begin of [() => replica.doc$('a'), () => replica.docs$(), () => replica.changes()]) {
        ok(isClosedError(await rejection((async () => begin())(), 'A beginning')), 'It began after the end');
      }
      await write(other, 'a', '1-x');
      await staying.until((doc) => doc !== undefined);
    },
  },
  {
    name: 'ends with a StoreError when another handle destroys the replica, also one in which nothing was written',
    async run(open) {
      for (const isWritten of [false, true]) {
        const [replica, other] = [await open(), await open()];
        if (isWritten) await write(replica, 'a', '1-x');
        const watched = everything(replica).map(watch);
        await Promise.all(watched.map((one) => one.until(() => true)));
        await other.destroy();
        for (const { failure } of watched) {
          const error = await failure;
          ok(isStoreError(error), `It ended with ${error}`);
          equal(error.failure, 'missing', 'The failure');
        }
      }
    },
  },
];

function everything(replica: Replica): Observable<unknown>[] {
  return [replica.doc$('a'), replica.docs$(), replica.docs$({ limit: 1 }), replica.changes({ live: true })];
}
