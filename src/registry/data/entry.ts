import { InputError } from '../../core/errors.ts';

/** What an entry is found by. */
export type EntryKey = string | number | readonly (string | number)[];

/**
 * What a source of data contributes: a key and its value. With `prefix`, the value is that of every key that begins so, unless a
 * longer prefix or the key itself is there.
 */
export type DataEntry<K extends EntryKey = EntryKey, V = unknown> =
  | readonly [key: K, value: V]
  | readonly [key: K, value: V, options: { readonly prefix?: boolean }];

/** An entry as it is kept. */
export interface KeptEntry<K extends EntryKey = EntryKey, V = unknown> {
  readonly key: K;
  readonly value: V;
  readonly prefix: boolean;
}

/** A key as a text: two are the same when their texts are. */
export function keyText(key: EntryKey): string {
  return typeof key === 'string' ? `"${key}` : JSON.stringify(key);
}

/** The order of keys: numbers, then strings by their code units, then lists, part by part. */
export function compareKeys(a: EntryKey, b: EntryKey): number {
  const ranks = rankOf(a) - rankOf(b);
  if (ranks !== 0) return ranks;
  if (typeof a === 'object' && typeof b === 'object') {
    for (const [i, part] of a.entries()) {
      const other = b[i];
      const order = other === undefined ? 1 : compareKeys(part, other);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  return a === b ? 0 : a < b ? -1 : 1;
}

function rankOf(key: EntryKey): number {
  return typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2;
}

/**
 * What a source has delivered, checked and copied, so that nobody can change it afterwards.
 *
 * @throws InputError for what is no list of entries, for a value that is undefined, and for a key that is there twice
 */
export function keepEntries<K extends EntryKey, V>(delivered: Iterable<DataEntry<K, V>>): readonly KeptEntry<K, V>[] {
  if (typeof delivered !== 'object' || delivered === null || !(Symbol.iterator in delivered)) {
    throw new InputError('The source must deliver a list of entries, each [key, value]');
  }
  const seen = new Set<string>();
  return Array.from(delivered, (entry) => {
    if (!Array.isArray(entry) || !isKey(entry[0])) {
      throw new InputError(
        `An entry must be [key, value] with a text, a number or a list of such as key, not ${said(entry)}`,
      );
    }
    const [key, value, { prefix = false } = {}] = entry;
    if (value === undefined)
      throw new InputError(`The value of ${said(key)} is undefined, which would mean there is none`);
    if (prefix && typeof key !== 'string') throw new InputError(`Only a text can be a prefix, not ${said(key)}`);
    const mark = `${prefix ? 'prefix' : 'key'} ${keyText(key)}`;
    if (seen.has(mark)) throw new InputError(`The key ${said(key)} is there twice`);
    seen.add(mark);
    return Object.freeze({ key, value, prefix });
  });
}

function isKey(value: unknown): value is EntryKey {
  if (Array.isArray(value)) return value.length > 0 && value.every((part) => !Array.isArray(part) && isKey(part));
  return typeof value === 'string' || Number.isFinite(value);
}

function said(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
