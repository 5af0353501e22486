import { InputError } from '../../core/errors.ts';
import type { DataEntry, EntryKey } from '../data/entry.ts';

/** Entries as they are written down: a list of them, a map, or an object whose members they are. */
export type EntryList<K extends EntryKey = EntryKey, V = unknown> =
  | Iterable<DataEntry<K, V>>
  | (K extends string ? Readonly<Record<string, V>> : never);

/** Entries as a source delivers them. */
export function toEntries<K extends EntryKey, V>(list: EntryList<K, V>): Iterable<DataEntry<K, V>> {
  if (typeof list === 'object' && list !== null && Symbol.iterator in list) return list;
  return Object.entries(list) as unknown as Iterable<DataEntry<K, V>>;
}

/**
 * The entries of a JSON text: an object whose members they are, or a list of `[key, value]`, with `{ "prefix": true }` as a third
 * for prefixes.
 *
 * @throws InputError when it is neither
 */
export function parseEntries<K extends EntryKey, V>(text: string): EntryList<K, V> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`It is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null) return value as EntryList<K, V>;
  throw new InputError('It must be a JSON object of entries, or a list of [key, value]');
}
