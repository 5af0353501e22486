import { ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { memberText } from '../core/json-text.ts';
import { excerpt, parseObject } from '../core/json-value.ts';
import { openFeed } from './feed/open.ts';
import { parseSequence, type Sequence } from './feed/sequence.ts';
import type { FeedRow, FeedSign } from './feed/source.ts';
import type { FeedTiming, LiveFeed } from './feed/timing.ts';
import type { Endpoint } from './request/endpoint.ts';

/** From where, and how, the feed of a server's databases is read. */
export interface UpdatesOptions extends FeedTiming {
  /** After which position: a sequence that the same feed gave, `0` for all (the default), or `'now'`. */
  readonly since?: Sequence;
  /** `normal`, the default: what there is, then the end. The others also tell what comes, for ever. */
  readonly feed?: 'normal' | LiveFeed;
  /** The most rows. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** What became of a database, last: each is told at most once for each type in one answer, however often it happened. */
export interface DatabaseUpdate extends FeedRow {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly dbName: string;
}

/** What the feed of a server's databases tells. */
export type UpdatesEvent = DatabaseUpdate | FeedSign;

/**
 * Reads `GET /_db_updates`. A server without the database `_global_changes` has no such feed, and CouchDB asks an admin's
 * rights for it: both end it with a CouchError. Requests and memory are those of a changes feed.
 */
export function updates(endpoint: Endpoint, options: UpdatesOptions): Feed<UpdatesEvent> {
  const { since, limit, signal } = options;
  const request = { url: `${endpoint.url}/_db_updates` };
  const nature = { isSelective: false, countsPending: true };
  return new Feed(openFeed({ endpoint, request, parse: parseUpdate, since, limit }, options, nature), { signal });
}

/**
 * Reads a row of the feed.
 *
 * @throws ProtocolError where it is none
 */
export function parseUpdate(text: string): DatabaseUpdate {
  const row = parseObject(text, 'A row of _db_updates');
  const { db_name: dbName, type } = 'db_name' in row ? row : parseNote(row['id']);
  if (typeof dbName !== 'string' || typeof type !== 'string') {
    throw new ProtocolError(`A row of _db_updates is not CouchDB's: ${excerpt(text)}`, true);
  }
  const seq = parseSequence(memberText(text, 0, 'seq') ?? 'null');
  // Some servers have finer words for what is updated.
  return { type: type === 'created' || type === 'deleted' ? type : 'updated', dbName, seq };
}

/** An event source tells the note itself that CouchDB keeps in `_global_changes`: a document called `updated:name`. */
function parseNote(id: unknown): { readonly db_name?: string; readonly type?: string } {
  const [, type, db_name] = /^(\w+):(.*)$/s.exec(typeof id === 'string' ? id : '') ?? [];
  return type === undefined || db_name === undefined ? {} : { db_name, type };
}
