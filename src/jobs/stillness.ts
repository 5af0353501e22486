import type { Entry } from '../kv/kv.ts';
import { nameIn } from './layout.ts';

/** Notices entries that nobody writes any more, by one steady clock and the versions of the entries alone. */
export class Stillness {
  #seen = new Map<string, { readonly version: string; readonly since: number }>();

  /**
   * Takes a look at all entries there are.
   *
   * @param now the steady clock
   * @param patience how long an entry may stay as it is
   * @returns those that have not moved for longer, as far as anybody has looked
   */
  look(entries: readonly Entry[], now: number, patience: number): Entry[] {
    const before = this.#seen;
    this.#seen = new Map();
    return entries.filter((entry) => {
      const name = nameIn(entry.key);
      const last = before.get(name);
      const sighting = last?.version === entry.version ? last : { version: entry.version, since: now };
      this.#seen.set(name, sighting);
      return now - sighting.since >= patience;
    });
  }

  /** Begins anew: nothing has been looked at. */
  forget(): void {
    this.#seen.clear();
  }
}
