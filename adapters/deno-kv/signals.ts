import { setTimeout } from 'node:timers/promises';
import { Observable } from 'rxjs';
import { packKey } from '../../src/kv/key.ts';
import type { Key } from '../../src/kv/kv.ts';
import { packedText } from '../../src/kv/packed-text.ts';
import { Watchers } from '../../src/kv/watchers.ts';
import { LIMITS } from './limits.ts';

/** How changes that others make are learnt of. */
export interface SignalsOptions {
  /** Milliseconds from one look at the watched keys to the next. */
  readonly every: number;
  /** The versions of some keys, at most as many as are read at once. */
  readonly versions: (keys: readonly Key[]) => Promise<readonly (string | undefined)[]>;
  /** Follows one key by the signal of Deno KV itself, and returns what ends that. */
  readonly follow: (key: Key, changed: () => void) => () => void;
}

/** A key that somebody watches. */
interface Watched {
  readonly key: Key;
  readonly packed: Uint8Array;
  readonly leave: () => void;
  watches: number;
  /** As of the last look; anything else than a version before the first one, and after one that failed. */
  version: unknown;
}

/** The watches of a store: told of its own commits at once, and of those of others by Deno KV's signal or by looking. */
export class Signals {
  readonly #options: SignalsOptions;
  readonly #watchers = new Watchers((signal) => void this.#look(signal));
  readonly #watched = new Map<string, Watched>();

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** What `Kv.watch` returns. */
  watch(key: Key): Observable<void> {
    const packed = packKey(key);
    const emissions = this.#watchers.watch(packed);
    return new Observable((subscriber) => {
      // First of all, so that no change is missed after the first emission.
      subscriber.add(this.#begin(key, packed));
      subscriber.add(emissions.subscribe(subscriber));
    });
  }

  /** After a commit of this store. */
  changed(keys: Iterable<Uint8Array>): void {
    this.#watchers.changed(keys);
  }

  close(): void {
    this.#watchers.close();
  }

  #begin(key: Key, packed: Uint8Array): () => void {
    const name = packedText(packed);
    const known = this.#watched.get(name);
    const watched = known ?? this.#follow(key, packed);
    watched.watches += 1;
    this.#watched.set(name, watched);
    return () => {
      watched.watches -= 1;
      if (watched.watches > 0) return;
      this.#watched.delete(name);
      watched.leave();
    };
  }

  #follow(key: Key, packed: Uint8Array): Watched {
    const leave = this.#options.follow(key, () => this.changed([packed]));
    return { key, packed, leave, watches: 0, version: Symbol('never looked') };
  }

  async #look(signal: AbortSignal): Promise<void> {
    for (;;) {
      // It rejects with the reason of the abort, which is the way to end here.
      await setTimeout(this.#options.every, undefined, { ref: false, signal }).catch(() => {});
      if (signal.aborted) return;
      const all = [...this.#watched.values()];
      for (let at = 0; at < all.length; at += LIMITS.keysPerRead) {
        await this.#compare(all.slice(at, at + LIMITS.keysPerRead));
      }
    }
  }

  async #compare(some: readonly Watched[]): Promise<void> {
    // A look that fails counts as a change, so that whoever looks then meets the same failure.
    const versions = await this.#options.versions(some.map(({ key }) => key)).catch(() => undefined);
    for (const [index, watched] of some.entries()) {
      const version = versions === undefined ? Symbol('failed') : versions[index];
      if (version === watched.version) continue;
      watched.version = version;
      this.changed([watched.packed]);
    }
  }
}
