import type { Platform } from '../core/platform.ts';

/** How something is polled. */
export interface PollOptions {
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly platform: Pick<Platform, 'sleep'>;
  readonly signal: AbortSignal;
}

/**
 * Compares a mark with what it was, again and again until the signal aborts: the slow way to learn of changes, for where
 * a platform has no signal or its signal may be lost. The first mark is taken before this returns.
 *
 * @param readMark when it fails, that counts as a change, so that whoever looks meets the same failure
 */
export async function poll(
  readMark: () => unknown,
  changed: () => void,
  { every, platform, signal }: PollOptions,
): Promise<void> {
  const look = (): unknown => {
    try {
      return readMark();
    } catch {
      return Symbol('failed');
    }
  };
  let mark = look();
  for (;;) {
    // It rejects with the reason of the abort, which is the way to end here.
    await platform.sleep(every, signal).catch(() => {});
    if (signal.aborted) return;
    const before = mark;
    mark = look();
    if (mark !== before) changed();
  }
}
