/** The documents that are read and not yet stored, each as often as it is on its way. */
export class Underway {
  readonly #times = new Map<string, number>();

  add(ids: Iterable<string>): void {
    for (const id of ids) this.#times.set(id, (this.#times.get(id) ?? 0) + 1);
  }

  remove(ids: Iterable<string>): void {
    for (const id of ids) {
      const left = (this.#times.get(id) ?? 0) - 1;
      if (left > 0) this.#times.set(id, left);
      else this.#times.delete(id);
    }
  }

  has(id: string): boolean {
    return this.#times.has(id);
  }
}
