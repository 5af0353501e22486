import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/sha256.ts';
import type { Selection } from './options.ts';

/**
 * The name under which a pull keeps its checkpoint: a hash of the source, and of everything that decides which documents
 * flow. The scheme, credentials and sizes of batches are not in it, so that a new password loses no checkpoint.
 *
 * @param filterCode of the filter at the source, where there is one: a function that is rewritten selects something else
 */
export async function pullId(sourceUrl: string, selection: Selection, filterCode?: string): Promise<string> {
  const { docIds = null, selector = null, filter = null, history, skipTombstones } = selection;
  const source = sourceName(sourceUrl);
  const code = filterCode === undefined ? {} : { filterCode };
  return sha256(canonicalJson({ version: 1, source, docIds, selector, filter, ...code, history, skipTombstones }));
}

/** A source as it is told from others: host, port and path of its url. */
export function sourceName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
