import { childController } from '../../core/abort.ts';
import type { Platform } from '../../core/platform.ts';

/**
 * Passes values on as they come, and says where they pause: after a value that nothing follows for so many milliseconds
 * comes `pause`, once.
 */
export async function* withPauses<T>(
  values: AsyncIterable<T>,
  { ms, pause, platform }: { readonly ms: number; readonly pause: T; readonly platform: Platform },
): AsyncGenerator<T, void, undefined> {
  const iterator = values[Symbol.asyncIterator]();
  let isFlowing = false;
  try {
    for (;;) {
      const next = iterator.next();
      if (isFlowing && !(await comesWithin(next, ms, platform))) yield pause;
      const { done, value } = await next;
      if (done) return;
      yield value;
      isFlowing = true;
    }
  } finally {
    await iterator.return?.();
  }
}

async function comesWithin(next: Promise<unknown>, ms: number, platform: Platform): Promise<boolean> {
  const timer = childController();
  const arrived = next.then(
    () => true,
    // Whoever awaits the value itself hears of it.
    () => true,
  );
  const elapsed = platform.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([arrived, elapsed]);
  } finally {
    timer.abort();
  }
}
