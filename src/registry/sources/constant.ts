import { Observable } from 'rxjs';
import type { DataSource } from '../data/contribution.ts';
import type { EntryKey } from '../data/entry.ts';
import { type EntryList, toEntries } from './entry-list.ts';

/**
 * Data that do not change by themselves: a list of entries, a map, or an object whose members they are. `replace` puts others in
 * their place.
 *
 * @example
 * ```ts
 * const limits = defineData<string, number>('kitchen/limits');
 * const registry = createRegistry();
 * registry.contribute(limits, constant([['pancakes', 12], ['p', 3, { prefix: true }]]));
 * registry.view(limits).values('pizza'); // [3]
 * ```
 */
export function constant<K extends EntryKey, V>(list: EntryList<K, V>): DataSource<K, V> {
  return new Observable((subscriber) => {
    subscriber.next(toEntries(list));
    subscriber.complete();
  });
}
