import { InputError } from '../../core/errors.ts';
import { compareKeys, type EntryKey, type KeptEntry, keyText } from './entry.ts';

/** What one source contributes to a view. */
export interface SourceContent<K extends EntryKey = EntryKey, V = unknown> {
  readonly source: string;
  readonly entries: readonly KeptEntry<K, V>[];
  /** The version of the view in which they were new. */
  readonly version: number;
}

/** An entry with the source that contributed it. */
export interface ViewEntry<K extends EntryKey = EntryKey, V = unknown> extends KeptEntry<K, V> {
  readonly source: string;
}

/**
 * All that is contributed to one kind of data, as it is at one moment; a view never changes. Sources stand in the order of their
 * plugins, and the entries of each as it gave them.
 *
 * Values are found by key, then by the longest prefix that the key begins with, whatever the order of entries; but for `keys`,
 * `entries` and the lists without arguments, which show prefixes as they are.
 */
export class RegistryView<K extends EntryKey = EntryKey, V = unknown> {
  /** Grows with every change of the content. */
  readonly version: number;
  /** The sources that have failed since they last delivered, what they delivered before is still here. */
  readonly stale: readonly string[];
  readonly #contents: readonly SourceContent<K, V>[];
  /** Of each source, made when it is first looked into. */
  readonly #lookups = new Map<string, Lookup<K, V>>();

  /** @internal */
  constructor(contents: readonly SourceContent<K, V>[], version: number, stale: readonly string[]) {
    this.#contents = contents;
    this.version = version;
    this.stale = stale;
  }

  /** What one source says of a key; undefined when it says nothing. */
  value(source: string, key: K): V | undefined {
    return this.#find(source, key)?.value;
  }

  /** What all sources that say something of a key say of it, in the order of the sources. */
  values(key: K): V[] {
    return this.byKey(key).map(([, value]) => value);
  }

  /** Everything, source by source. */
  entries(): ViewEntry<K, V>[] {
    return this.#contents.flatMap(({ source, entries }) => entries.map((entry) => ({ ...entry, source })));
  }

  /** For each key that is there, in order, the sources that have it with their values. */
  byKey(): (readonly [key: K, found: (readonly [source: string, value: V])[]])[];
  /** The sources that say something of a key, with what they say. */
  byKey(key: K): (readonly [source: string, value: V])[];
  byKey(...keys: [] | [K]): (readonly [K, (readonly [string, V])[]])[] | (readonly [source: string, value: V])[] {
    if (keys.length === 0) return this.#grouped();
    const [key] = keys;
    return this.#contents.flatMap(({ source }) => {
      const found = this.#find(source, key);
      return found === undefined ? [] : [[source, found.value] as const];
    });
  }

  /** For each source its keys and values. */
  bySource(): (readonly [source: string, found: (readonly [key: K, value: V])[]])[];
  /** The keys and values of one source. */
  bySource(source: string): (readonly [key: K, value: V])[];
  bySource(source?: string): (readonly [string, (readonly [K, V])[]])[] | (readonly [key: K, value: V])[] {
    const pairs = (entries: readonly KeptEntry<K, V>[]) => entries.map(({ key, value }) => [key, value] as const);
    if (source === undefined) return this.#contents.map((content) => [content.source, pairs(content.entries)] as const);
    return pairs(this.#contents.find((content) => content.source === source)?.entries ?? []);
  }

  /**
   * The version of the view in which the entries of one source were new.
   *
   * @throws InputError for a source that has not delivered
   */
  versionOf(source: string): number {
    const content = this.#contents.find((one) => one.source === source);
    if (content === undefined) throw new InputError(`There is no source ${JSON.stringify(source)} in this view`);
    return content.version;
  }

  /** The keys that are there, each once, in order: numbers, texts, lists. */
  keys(): K[] {
    return this.#grouped().map(([key]) => key);
  }

  /** The sources that have delivered, in order. */
  sources(): string[] {
    return this.#contents.map(({ source }) => source);
  }

  #grouped(): (readonly [K, (readonly [string, V])[]])[] {
    const groups = new Map<string, readonly [K, (readonly [string, V])[]]>();
    for (const { key, value, source } of this.entries()) {
      const text = keyText(key);
      const group = groups.get(text) ?? ([key, []] as const);
      group[1].push([source, value]);
      groups.set(text, group);
    }
    return [...groups.values()].sort(([a], [b]) => compareKeys(a, b));
  }

  #find(source: string, key: K): KeptEntry<K, V> | undefined {
    let lookup = this.#lookups.get(source);
    if (lookup === undefined) {
      lookup = lookupOf(this.#contents.find((content) => content.source === source)?.entries ?? []);
      this.#lookups.set(source, lookup);
    }
    const exact = lookup.exact.get(keyText(key));
    if (exact !== undefined || typeof key !== 'string') return exact;
    for (const length of lookup.lengths) {
      const found = length <= key.length ? lookup.prefixes.get(key.slice(0, length)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

interface Lookup<K extends EntryKey, V> {
  readonly exact: ReadonlyMap<string, KeptEntry<K, V>>;
  readonly prefixes: ReadonlyMap<string, KeptEntry<K, V>>;
  /** Of the prefixes, each once, the longest first. */
  readonly lengths: readonly number[];
}

function lookupOf<K extends EntryKey, V>(entries: readonly KeptEntry<K, V>[]): Lookup<K, V> {
  const prefixes = new Map(entries.filter(({ prefix }) => prefix).map((entry) => [String(entry.key), entry]));
  return {
    exact: new Map(entries.filter(({ prefix }) => !prefix).map((entry) => [keyText(entry.key), entry])),
    prefixes,
    lengths: [...new Set([...prefixes.keys()].map(({ length }) => length))].sort((a, b) => b - a),
  };
}
