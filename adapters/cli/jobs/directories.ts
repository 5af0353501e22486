import type { Kv } from '../../../src/kv/kv.ts';
import { fsKv } from '../../fs/index.ts';

/** Stores on disk, each opened once for all jobs of a worker that use it. */
export class Directories {
  readonly #stores = new Map<string, Promise<Kv>>();

  open(directory: string): Promise<Kv> {
    const opening = this.#stores.get(directory) ?? fsKv(directory);
    this.#stores.set(directory, opening);
    // One that cannot be opened now may be later.
    opening.catch(() => this.#stores.delete(directory));
    return opening;
  }

  /** Closes those that are open. */
  async close(): Promise<void> {
    for (const opening of await Promise.allSettled(this.#stores.values()))
      if (opening.status === 'fulfilled') await opening.value.close();
  }
}
