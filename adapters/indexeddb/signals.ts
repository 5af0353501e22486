import type { Watchers } from '../../src/kv/watchers.ts';

/** Milliseconds after which a watch is told to look, whether or not something has changed: signals can be lost in a page that sleeps. */
const POLL = 5000;
/** Of a larger commit it is only told that something has changed. */
const MOST_KEYS = 64;

/** Tells other tabs and workers of the same site what was committed, and hears of it from them. */
export class Signals {
  readonly #channel: BroadcastChannel | undefined;
  readonly #watchers: () => Watchers;

  constructor(name: string, watchers: () => Watchers) {
    this.#watchers = watchers;
    this.#channel =
      typeof globalThis.BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(`couchtide:${name}`);
    this.#channel?.addEventListener('message', ({ data }) => this.#heard(data));
  }

  /** After a commit of this handle. */
  tell(keys: readonly Uint8Array[]): void {
    this.#watchers().changed(keys);
    this.#channel?.postMessage(keys.length > MOST_KEYS ? undefined : keys);
  }

  /** Looks every now and then, as long as somebody watches. */
  follow(signal: AbortSignal): void {
    const timer = setInterval(() => this.#watchers().anyChanged(), POLL);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  close(): void {
    this.#channel?.close();
  }

  #heard(keys: unknown): void {
    if (Array.isArray(keys) && keys.every((key) => key instanceof Uint8Array)) this.#watchers().changed(keys);
    else this.#watchers().anyChanged();
  }
}
