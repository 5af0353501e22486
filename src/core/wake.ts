import { childController } from './abort.ts';
import type { Platform } from './platform.ts';

/**
 * Waits so many milliseconds, or until what was waited for may be there again: the network, or the page itself.
 *
 * @throws the reason of the signal when that aborts first
 */
export async function sleepOrWake(platform: Platform, ms: number, signal: AbortSignal): Promise<void> {
  const rest = childController(signal);
  let isAwake = false;
  const stop = platform.onWake?.(() => {
    isAwake = true;
    rest.abort();
  });
  try {
    await platform.sleep(ms, rest.signal);
  } catch (error) {
    if (signal.aborted || !isAwake) throw error;
  } finally {
    stop?.();
    rest.release();
  }
}
