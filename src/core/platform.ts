/**
 * What couchtide needs of the platform it runs on, as one object that is passed in. The defaults come from the globals,
 * read at call time, and this is the only file that reads them.
 */
export interface Platform {
  /** The standard `fetch`. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Wall clock, in milliseconds since 1970. May jump. */
  readonly now: () => number;
  /** A clock that only goes forward, in milliseconds from any start. */
  readonly elapsed: () => number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that aborts first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** A new random identifier (RFC 9562, version 4). */
  readonly uuid: () => string;
  /**
   * Calls back whenever the network comes or goes, and when a page goes on that was frozen: what is open may be dead then, and what is
   * waited for may be had. Returns what ends that. Where there is none, clocks that jump tell of a sleep.
   */
  readonly onWake?: (wake: () => void) => () => void;
  /** What the runtime calls itself, such as `Node.js/24`; for people. */
  readonly runtime?: () => string;
}

/**
 * The platform that this program runs on, with parts of it replaced where a caller says so.
 *
 * @example
 * ```ts
 * const frozen = platform({ now: () => 0 });
 * frozen.now(); // 0
 * ```
 */
export function platform(replaced: Partial<Platform> = {}): Platform {
  return { ...fromGlobals, ...replaced };
}

const fromGlobals: Platform = {
  fetch: (url, init) => globalThis.fetch(url, init),
  now: () => Date.now(),
  elapsed: () => globalThis.performance.now(),
  sleep,
  random: () => Math.random(),
  uuid: () => globalThis.crypto.randomUUID(),
  onWake,
  runtime: () => globalThis.navigator?.userAgent ?? 'unknown',
};

/** Of windows and workers: https://html.spec.whatwg.org/#event-online, #event-pageshow and https://wicg.github.io/page-lifecycle/. */
function onWake(wake: () => void): () => void {
  // Node.js has no events of its own.
  if (typeof globalThis.addEventListener !== 'function') return () => {};
  const onEvent = (event: Event): void => {
    // A page that is shown for the first time has not slept.
    if (!('persisted' in event) || event.persisted === true) wake();
  };
  const events = ['online', 'offline', 'pageshow', 'resume'];
  // On the way down, as `resume` is sent to the document and does not come up again.
  for (const name of events) globalThis.addEventListener(name, onEvent, { capture: true });
  return () => {
    for (const name of events) globalThis.removeEventListener(name, onEvent, { capture: true });
  };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    function abort(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}
