import { InputError } from '../../core/errors.ts';
import { type EntryKey, type KeptEntry, keyText } from './entry.ts';
import { isSame } from './same.ts';

/** How the data of one kind are compared. */
export interface DataOptions<V> {
  /** Whether two values are the same. By default they are when they look the same, lists and objects by what is in them. */
  readonly same?: (a: V, b: V) => boolean;
  /** Whether the order of a source's entries has no meaning, so that another order is no change. Default false. */
  readonly unordered?: boolean;
}

/** A kind of data that others may contribute to, as {@link defineData} makes it. */
export interface DataKey<K extends EntryKey = EntryKey, V = unknown> {
  /** What the kind of data is known by. */
  readonly id: string;
  readonly unordered: boolean;
  same(a: V, b: V): boolean;
  /** For the compiler alone, and never there: what the entries are. */
  readonly entry?: KeptEntry<K, V>;
}

/**
 * Defines a kind of data: an id, and the types of the keys and values that others contribute. It is made once, by who reads the
 * data, and exported for those who contribute. Like services, kinds of data meet by their id.
 *
 * @throws InputError for an id without characters
 *
 * @example
 * ```ts
 * const rules = defineData<string, { pattern: string }>('kitchen/rules');
 * const registry = createRegistry();
 * registry.contribute(rules, constant({ nuts: { pattern: 'nut|almond' } }), { source: 'allergies' });
 * registry.view(rules).value('allergies', 'nuts'); // { pattern: 'nut|almond' }
 * ```
 */
export function defineData<K extends EntryKey, V>(id: string, options: DataOptions<V> = {}): DataKey<K, V> {
  if (typeof id !== 'string' || id === '')
    throw new InputError('The id of data must be a text, such as "kitchen/rules"');
  return Object.freeze({ id, unordered: options.unordered ?? false, same: options.same ?? isSame });
}

/** Whether two deliveries of one source say the same. */
export function sameEntries<K extends EntryKey, V>(
  { same, unordered }: DataKey<K, V>,
  a: readonly KeptEntry<K, V>[],
  b: readonly KeptEntry<K, V>[],
): boolean {
  if (a.length !== b.length) return false;
  const isEqual = (one: KeptEntry<K, V>, other: KeptEntry<K, V> | undefined): boolean =>
    other !== undefined && one.prefix === other.prefix && isSame(one.key, other.key) && same(one.value, other.value);
  if (!unordered) return a.every((entry, i) => isEqual(entry, b[i]));
  const byMark = new Map(b.map((entry) => [markOf(entry), entry]));
  return a.every((entry) => isEqual(entry, byMark.get(markOf(entry))));
}

function markOf({ key, prefix }: KeptEntry): string {
  return `${String(prefix)} ${keyText(key)}`;
}
