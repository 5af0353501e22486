/** A queue in which owners take turns: first come, first served among what belongs to one, one after the other among them. */
export class FairQueue<T> {
  /** In the order in which the owners' turns come. */
  readonly #lines = new Map<object, T[]>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  add(owner: object, value: T): void {
    const line = this.#lines.get(owner);
    if (line === undefined) this.#lines.set(owner, [value]);
    else line.push(value);
    this.#size += 1;
  }

  /** Takes out whose turn it is. */
  next(): T | undefined {
    for (const [owner, line] of this.#lines) {
      const value = line.shift();
      // Behind all others, for its next turn.
      this.#lines.delete(owner);
      if (line.length > 0) this.#lines.set(owner, line);
      this.#size -= 1;
      return value;
    }
    return undefined;
  }

  /** Takes out one that does not wait any longer. */
  remove(owner: object, value: T): void {
    const line = this.#lines.get(owner);
    const place = line?.indexOf(value) ?? -1;
    if (line === undefined || place === -1) return;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(owner);
    this.#size -= 1;
  }
}
