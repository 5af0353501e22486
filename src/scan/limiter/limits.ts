import { InputError } from '../../core/errors.ts';

/**
 * What is counted: databases that are opened (`db`), bodies that are read (`doc`), documents that are written (`write`), pages of a
 * feed without bodies (`feed`).
 */
export type RateClass = 'db' | 'doc' | 'write' | 'feed';

/** How many of each there may be in a second, over all plugins and workers: more than 0, `Infinity` for any number. */
export type RateLimits = Readonly<Record<RateClass, number>>;

/** Those of CouchDB's own scanner, whose `shard_rate_limit` is our `feed`: https://docs.couchdb.org/en/stable/config/scanner.html */
export const DEFAULT_LIMITS: RateLimits = { db: 25, feed: 50, doc: 1000, write: 500 };

/**
 * Limits with some of them replaced.
 *
 * @throws InputError for a limit that is none
 */
export function withLimits(limits: RateLimits, changes: Partial<RateLimits>): RateLimits {
  for (const [name, limit] of Object.entries(changes)) {
    if (!(name in limits))
      throw new InputError(`There is no limit ${JSON.stringify(name)}; there are ${Object.keys(limits).join(', ')}`);
    if (typeof limit !== 'number' || !(limit > 0))
      throw new InputError(`Limit ${name} must be a number above 0, or Infinity, not ${String(limit)}`);
  }
  return { ...limits, ...changes };
}
