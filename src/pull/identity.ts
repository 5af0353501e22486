import { isJsonObject } from '../core/json-value.ts';
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
  return sha256(canonical({ version: 1, source, docIds, selector, filter, ...code, history, skipTombstones }));
}

/** A source as it is told from others: host, port and path of its url. */
export function sourceName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** JSON with the members of every object in order, so that how somebody wrote a selector makes no difference. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .join(',')}}`;
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
