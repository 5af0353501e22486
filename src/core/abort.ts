/** A controller that aborts with its parent, and can be taken off that parent again. */
export interface ChildController {
  readonly signal: AbortSignal;
  /** Aborts this controller alone. */
  abort(reason?: unknown): void;
  /** Forgets the parent, so that a signal which lives for years does not collect listeners. */
  release(): void;
}

/** A controller that also aborts when one of the given signals does, with that signal's reason. */
export function childController(...parents: (AbortSignal | undefined)[]): ChildController {
  const controller = new AbortController();
  const releases: (() => void)[] = [];
  const release = (): void => {
    for (const remove of releases.splice(0)) remove();
  };
  for (const parent of parents) {
    if (parent === undefined) continue;
    const follow = (): void => controller.abort(parent.reason);
    if (parent.aborted) {
      follow();
      break;
    }
    parent.addEventListener('abort', follow, { once: true });
    releases.push(() => parent.removeEventListener('abort', follow));
  }
  return { signal: controller.signal, abort: (reason) => controller.abort(reason), release };
}
