import { decodeJson, encodeJson } from '../../src/kv/json.ts';
import type { Key, Kv } from '../../src/kv/kv.ts';

/** Takes things away from a store and puts wrong ones into it, below the replica `recipes`. */
export class Damager {
  readonly #kv: Kv;

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  /** A key below the replica. */
  static key(...parts: Key): Key {
    return ['replica', 'recipes', ...parts];
  }

  async bytes(...key: Key): Promise<Uint8Array> {
    const [entry] = await this.#kv.read([Damager.key(...key)]);
    if (entry === undefined) throw new Error(`Nothing is stored at ${JSON.stringify(key)}`);
    return entry.value;
  }

  async put(key: Key, value: Uint8Array | string): Promise<void> {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    await this.#kv.update([], () => ({ set: [[Damager.key(...key), bytes]], result: undefined }));
  }

  /** Removes what is there: it must be. */
  async remove(...key: Key): Promise<Uint8Array> {
    const bytes = await this.bytes(...key);
    await this.#kv.update([], () => ({ delete: [Damager.key(...key)], result: undefined }));
    return bytes;
  }

  /** Changes a JSON value. */
  async edit<T>(key: Key, change: (value: T) => unknown): Promise<void> {
    await this.put(key, encodeJson(change(decodeJson(await this.bytes(...key)) as T)));
  }

  /** Changes bytes. */
  async bend(key: Key, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    await this.put(key, change(await this.bytes(...key)));
  }
}
