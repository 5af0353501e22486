import { inOrder, type Placed } from './position.ts';

/** One thing that somebody contributed to a key. */
export interface Registration<T> extends Placed {
  /** Stays the same when the item is replaced. */
  readonly id: number;
  /** Who has registered it. */
  readonly owner: number;
  readonly item: T;
}

/**
 * What is contributed to each key of one kind, in order. A shelf never changes: every change gives another one, so that a change
 * of many is seen at once or not at all.
 */
export class Shelf<T> {
  readonly #lists: ReadonlyMap<string, readonly Registration<T>[]>;

  constructor(lists: ReadonlyMap<string, readonly Registration<T>[]> = new Map()) {
    this.#lists = lists;
  }

  get keys(): string[] {
    return [...this.#lists.keys()];
  }

  /** What is contributed to a key, in order; the same list as long as that has not changed. */
  at(key: string): readonly Registration<T>[] {
    return this.#lists.get(key) ?? NOTHING;
  }

  /** @throws InputError when there is no order in which all can stand */
  with(key: string, added: Registration<T>): Shelf<T> {
    return this.#changed(key, inOrder([...this.at(key), added]));
  }

  /** Another item in the place of one; the same shelf when it is the same item, or is not there any more. */
  replaced(key: string, id: number, item: T): Shelf<T> {
    const before = this.at(key).find((registration) => registration.id === id);
    if (before === undefined || before.item === item) return this;
    return this.#changed(
      key,
      this.at(key).map((registration) => (registration.id === id ? { ...registration, item } : registration)),
    );
  }

  without(key: string, id: number): Shelf<T> {
    return this.#kept(key, (registration) => registration.id !== id);
  }

  withoutOwner(owner: number): Shelf<T> {
    return this.keys.reduce<Shelf<T>>((shelf, key) => shelf.#kept(key, (one) => one.owner !== owner), this);
  }

  #kept(key: string, isKept: (registration: Registration<T>) => boolean): Shelf<T> {
    const list = this.at(key).filter(isKept);
    // In order again: without one, others may stand where their own order puts them.
    return list.length === this.at(key).length ? this : this.#changed(key, inOrder(list));
  }

  #changed(key: string, list: readonly Registration<T>[]): Shelf<T> {
    const lists = new Map(this.#lists);
    if (list.length === 0) lists.delete(key);
    else lists.set(key, list);
    return new Shelf(lists);
  }
}

const NOTHING: readonly never[] = [];
