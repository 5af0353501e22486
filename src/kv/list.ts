import type { Entry, KeyRange, Kv } from './kv.ts';

/** How a range is listed. */
export interface ListOptions {
  readonly reverse?: boolean;
  /** Entries of one page at the most. Default 500. */
  readonly pageSize?: number;
}

/**
 * Everything in a range, in order. Nothing is held open between two pages, each of which is a snapshot of its own: what is
 * deleted meanwhile may still be seen, what is added may be missed.
 *
 * @example
 * ```ts
 * for await (const { key } of list(kv, { prefix: ['jobs'] })) console.log(key);
 * ```
 */
export async function* list(
  kv: Kv,
  range: KeyRange,
  options: ListOptions = {},
): AsyncGenerator<Entry, void, undefined> {
  for await (const entries of listPages(kv, range, options)) yield* entries;
}

/** The same, a page at a time: the way for code that handles many entries at once. */
export async function* listPages(
  kv: Kv,
  range: KeyRange,
  { reverse = false, pageSize = 500 }: ListOptions = {},
): AsyncGenerator<readonly Entry[], void, undefined> {
  let rest: KeyRange | undefined = range;
  while (rest !== undefined) {
    const { entries, next } = await kv.page(rest, { limit: pageSize, reverse });
    yield entries;
    rest = next === undefined ? undefined : { ...range, ...(reverse ? { to: next } : { from: next }) };
  }
}
