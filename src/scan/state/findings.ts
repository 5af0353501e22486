import { Feed } from '../../core/feed.ts';
import type { Kv } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import type { Finding } from '../events.ts';
import { decodeFindings } from './findings-record.ts';
import { ScanLayout } from './layout.ts';

/** Which findings of a store. */
export interface FindingsOptions {
  /** Of which scan. Default `scan`. */
  readonly id?: string;
  /** Only those in this database. */
  readonly db?: string;
  /** Only those of this plugin. */
  readonly plugin?: string;
  readonly signal?: AbortSignal;
}

/**
 * What the scans of a store have found, as far as it still holds: findings of documents that were scanned again since, and of which it
 * is not found any more, are not among them. In the order of databases, then of plugins, then of documents. Memory: one page.
 *
 * @example
 * ```ts
 * for await (const { db, id } of findings$(memoryKv(), { id: 'secrets' })) console.log(db, id);
 * ```
 */
export function findings$(store: Kv, options: FindingsOptions = {}): Feed<Finding> {
  const { id = 'scan', db, plugin, signal } = options;
  const layout = new ScanLayout(id);
  return new Feed(
    async function* () {
      const prefix = db === undefined ? layout.findings : await layout.findingsOf(db);
      for await (const entries of listPages(store, { prefix })) {
        yield entries.flatMap((entry) => {
          const { parts, findings } = decodeFindings(entry);
          // What a commit that was broken off has left behind its last part.
          if (Number(entry.key.at(-1)) >= parts) return [];
          return plugin === undefined ? findings : findings.filter((finding) => finding.plugin === plugin);
        });
      }
    },
    { signal },
  );
}

/** The ids of the scans that a store keeps, in order. */
export function scans(store: Kv): Feed<string> {
  return new Feed(async function* () {
    for await (const entries of listPages(store, { prefix: ScanLayout.scans })) {
      yield entries.map(({ key }) => String(key.at(-1)));
    }
  });
}
