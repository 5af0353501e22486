import type { Selection } from './options.ts';

/**
 * The name under which a pull keeps its checkpoint: a hash of the source, and of everything that decides which documents
 * flow. The scheme, credentials and sizes of batches are not in it, so that a new password loses no checkpoint.
 */
export async function pullId(sourceUrl: string, { docIds, history, skipTombstones }: Selection): Promise<string> {
  const source = sourceName(sourceUrl);
  return sha256(JSON.stringify({ version: 1, source, docIds: docIds ?? null, history, skipTombstones }));
}

/** A source as it is told from others: host, port and path of its url. */
export function sourceName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
