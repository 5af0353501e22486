import { isClosedError } from '../../../src/core/errors.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { equal, ok, rejection, rejects } from '../assert.ts';
import type { OpenKv, StoreCase } from '../store-case.ts';
import { turn } from './actions.ts';

/** Named locks, of stores that have them. */
export const locking: readonly StoreCase[] = [
  {
    name: 'lets one at a time hold a lock, and gives what it gave',
    needs: 'exclusive',
    async run(open) {
      const exclusive = await locksOf(open);
      let inside = 0;
      const results = await Promise.all(
        [1, 2, 3, 4].map((who) =>
          exclusive('lock', async () => {
            inside += 1;
            equal(inside, 1, 'The number of holders');
            await turn();
            inside -= 1;
            return who;
          }),
        ),
      );
      equal(results, [1, 2, 3, 4]);
    },
  },
  {
    name: 'does not let locks of different names wait for each other',
    needs: 'exclusive',
    async run(open) {
      const exclusive = await locksOf(open);
      equal(await exclusive('one', () => exclusive('another', async () => 'both')), 'both');
    },
  },
  {
    name: 'passes a lock on when its holder fails, and passes the failure on',
    needs: 'exclusive',
    async run(open) {
      const exclusive = await locksOf(open);
      const reason = new Error('The holder failed');
      const failing = exclusive('lock', () => Promise.reject(reason));
      const next = exclusive('lock', async () => 'next');
      ok((await rejection(failing, 'The holder')) === reason, 'The error is not that of the holder');
      equal(await next, 'next');
    },
  },
  {
    name: 'lets those who wait give up, and tells the holder of its abort',
    needs: 'exclusive',
    async run(open) {
      const exclusive = await locksOf(open);
      const [holding, waiting] = [new AbortController(), new AbortController()];
      const { held, entered } = hold(exclusive, holding.signal);
      await entered;
      const gaveUp = exclusive('lock', async () => 'held', { signal: waiting.signal });
      const last = exclusive('lock', async () => 'last');
      const reason = new Error('Waited long enough');
      waiting.abort(reason);
      ok((await rejection(gaveUp, 'Whoever gave up')) === reason, 'The error is not the reason of the signal');
      holding.abort('enough');
      equal(await held, 'enough');
      equal(await last, 'last');
    },
  },
  {
    name: 'tells the holder and refuses those who wait when it is closed',
    needs: 'exclusive',
    async run(open) {
      const kv = await open();
      const exclusive = locks(kv);
      const { held, entered } = hold(exclusive);
      await entered;
      const waiting = exclusive('lock', async () => 'held');
      const refused = rejects(waiting, isClosedError, 'Whoever waited');
      await kv.close();
      await refused;
      ok(isClosedError(await held), 'The holder was told something else');
      await rejects(
        exclusive('lock', async () => 'held'),
        isClosedError,
        'A lock of a closed store',
      );
    },
  },
];

async function locksOf(open: OpenKv): Promise<NonNullable<Kv['exclusive']>> {
  return locks(await open());
}

function locks(kv: Kv): NonNullable<Kv['exclusive']> {
  const exclusive = kv.exclusive?.bind(kv);
  ok(exclusive !== undefined, 'The store has no locks, though it says so');
  return exclusive;
}

/** Holds a lock until the signal that it was given aborts; `held` is the reason. */
function hold(
  exclusive: NonNullable<Kv['exclusive']>,
  signal?: AbortSignal,
): { readonly held: Promise<unknown>; readonly entered: Promise<void> } {
  let enter = (): void => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const run = (given: AbortSignal): Promise<unknown> => {
    enter();
    return aborted(given);
  };
  return { held: exclusive('lock', run, { signal }), entered };
}

/** The reason for which a signal aborts. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}
