import { Observable } from 'rxjs';
import { InputError } from '../../core/errors.ts';
import { type Platform, platform } from '../../core/platform.ts';
import type { DataSource } from '../data/contribution.ts';
import type { EntryKey } from '../data/entry.ts';
import { type EntryList, toEntries } from './entry-list.ts';

/** Options of {@link poll}. */
export interface PollOptions {
  /**
   * Something that is another thing whenever the entries are others, and cheaper to have: as long as it stays the same, nothing is read. By
   * default the entries are read each time, and compared.
   */
  readonly version?: (context: PollContext) => unknown;
  /** A clock of another kind, for tests. */
  readonly platform?: Partial<Pick<Platform, 'sleep'>>;
}

/** What somebody who reads entries may want to know. */
export interface PollContext {
  /** Aborts when nobody wants the entries any more. */
  readonly signal: AbortSignal;
}

/**
 * Data that are read again and again, as long as somebody listens; a pause is as long as it says however long reading takes. When
 * reading fails, the registry tries again later, and keeps what was there.
 *
 * @param read what `constant` takes, or a promise of it
 * @param every milliseconds from the end of one reading to the next; `undefined` reads once, and again when the registry is told to
 *   reload
 * @throws InputError for a time that is none
 *
 * @example
 * ```ts
 * const stock = defineData<string, number>('kitchen/stock');
 * const registry = createRegistry();
 * registry.contribute(stock, poll(async () => ({ eggs: 12 }), 60_000));
 * (await registry.ready(stock)).values('eggs'); // [12]
 * ```
 */
export function poll<K extends EntryKey, V>(
  read: (context: PollContext) => EntryList<K, V> | PromiseLike<EntryList<K, V>>,
  every: number | undefined,
  { version, platform: replaced }: PollOptions = {},
): DataSource<K, V> {
  if (every !== undefined && !(every > 0)) {
    throw new InputError(`The time between two readings must be a number of milliseconds above 0, not ${every}`);
  }
  const { sleep } = platform(replaced);
  return new Observable((subscriber) => {
    const controller = new AbortController();
    const { signal } = controller;
    const readOn = async (): Promise<void> => {
      // Whoever only wants to know what is there at once has left by the next microtask, and nothing is read for them.
      await undefined;
      let before: { readonly version: unknown } | undefined;
      while (!signal.aborted) {
        const current = version === undefined ? undefined : { version: await version({ signal }) };
        if (current === undefined || before === undefined || !Object.is(current.version, before.version)) {
          const list = await read({ signal });
          subscriber.next(toEntries(list));
        }
        before = current;
        if (every === undefined) break;
        await sleep(every, signal);
      }
      subscriber.complete();
    };
    readOn().catch((error: unknown) => subscriber.error(error));
    return () => controller.abort();
  });
}
