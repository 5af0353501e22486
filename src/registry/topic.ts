import { Subject } from 'rxjs';
import type { Registration } from './shelf.ts';

/** What the contributions to a registry are ordered by: a service, a kind of data, or a set of parts. */
export interface RegistryKey {
  readonly type: 'service' | 'data' | 'parts';
  readonly id: string;
}

/** Something that plugins contribute to, and that others are told the changes of. */
export interface Topic {
  readonly key: RegistryKey;
  /** Grows with every change. */
  readonly version: number;
  /** What each plugin contributes to it, in order. */
  byPlugin(): ReadonlyMap<string, readonly unknown[]>;
  /** Whether two contributions of a plugin are the same. */
  isSame(before: readonly unknown[], after: readonly unknown[]): boolean;
  /** Tells whoever follows it, after it has changed, and once for changes that come together. */
  readonly updates: Subject<void>;
}

/** The providers of a service, or the parts of a set. */
export class Roster<T> implements Topic {
  readonly key: RegistryKey;
  readonly updates = new Subject<void>();
  #list: readonly Registration<T>[] = [];
  #version = 0;

  constructor(key: RegistryKey) {
    this.key = key;
  }

  get version(): number {
    return this.#version;
  }

  get list(): readonly Registration<T>[] {
    return this.#list;
  }

  set list(list: readonly Registration<T>[]) {
    this.#list = list;
    this.#version += 1;
  }

  byPlugin(): ReadonlyMap<string, readonly T[]> {
    const found = new Map<string, T[]>();
    for (const { plugin, item } of this.#list) found.set(plugin, [...(found.get(plugin) ?? []), item]);
    return found;
  }

  isSame(before: readonly unknown[], after: readonly unknown[]): boolean {
    return before.length === after.length && before.every((item, i) => item === after[i]);
  }
}
