import type { Platform } from '../../src/core/platform.ts';
import type { FeedOptions } from './changes-options.ts';
import { ChangesPass, type ReadOptions } from './changes-pass.ts';
import type { Database } from './database.ts';
import type { FeedForm } from './feed-form.ts';
import { Gathering } from './gathering.ts';
import { Refusal } from './model.ts';
import { endPosition, formatSequence, type Position, parseSince } from './sequence.ts';

/** What a feed needs of the server. */
export interface FeedContext {
  readonly database: Database;
  readonly platform: Platform;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** The longest wait, in milliseconds. */
  readonly longestWait: number;
  /** How many bytes of rows make one piece. */
  readonly chunkSize: number;
  /** Whether the node is in maintenance mode. */
  readonly inMaintenance: () => boolean;
}

/** Where a feed begins: nothing to be refused is left after this. */
export function startOfFeed(database: Database, { since, descending }: FeedOptions): Position {
  return descending ? endPosition(database) : parseSince(database, since);
}

/**
 * The pieces of a feed, each of which CouchDB sends as one HTTP chunk. The first comes when there is something to tell:
 * what is refused until then can still be refused.
 */
export async function* feedPieces(
  context: FeedContext,
  options: FeedOptions,
  read: ReadOptions,
  start: Position,
  form: FeedForm,
): AsyncGenerator<string, void, undefined> {
  let head = form.head;
  for await (const piece of bodyPieces(context, options, read, start, form)) {
    if (head !== '') yield head;
    head = '';
    yield piece;
  }
}

async function* bodyPieces(
  context: FeedContext,
  options: FeedOptions,
  read: ReadOptions,
  start: Position,
  form: FeedForm,
): AsyncGenerator<string, void, undefined> {
  const out = new Gathering(context.chunkSize);
  let position = start;
  let limit = options.limit;
  let toldAnything = false;

  for (;;) {
    if (context.inMaintenance()) throw new Refusal(412, 'nodedown', 'progress not possible');
    const seen = context.database.sequence;
    const pass = new ChangesPass(context.database, position, limit, read);
    for (const change of pass.changes()) {
      const full = out.add(`${out.count > 0 ? form.separator : ''}${form.row(change)}`);
      if (full !== '') yield full;
    }
    if (pass.limit !== limit) toldAnything = true;
    const ended = isOver(options, limit, pass);
    position = pass.position;
    limit = pass.limit;
    const end = (): string => form.tail(formatSequence(context.database, position), pass.pending);
    if (ended) {
      yield* lastPieces(out, end());
      return;
    }

    const rest = out.flush();
    if (rest !== '') yield rest;
    else if (!toldAnything) yield '\n';
    toldAnything = true;
    const woken = await waitForChange(context, options, seen);
    if (woken === 'gone' || (woken === 'elapsed' && options.heartbeat === undefined)) {
      yield* lastPieces(out, end());
      return;
    }
    yield form.heartbeat;
  }
}

/** Whether a feed has nothing more to wait for after a pass that began with `limit`. */
function isOver({ feed, descending }: FeedOptions, limit: number, pass: ChangesPass): boolean {
  if (feed === 'normal') return true;
  if (descending && pass.pending <= 0) return true;
  return feed === 'longpoll' ? limit > pass.limit : pass.limit <= 0;
}

/**
 * What is gathered and the end of the feed, and a line break of its own. An event source that has nothing left to tell
 * ends without one: CouchDB then sends an empty chunk, which ends the answer before the line break.
 */
function* lastPieces(out: Gathering, end: string): Generator<string> {
  const last = out.flush() + end;
  if (last === '') return;
  yield last;
  yield '\n';
}

/**
 * Waits for a change, as long as the feed may wait. `gone`: the database is deleted.
 *
 * @param seen the sequence of the database that was read up to; what came since need not be waited for
 */
async function waitForChange(
  { database, platform, signal, longestWait }: FeedContext,
  { heartbeat, timeout }: FeedOptions,
  seen: number,
): Promise<'changed' | 'elapsed' | 'gone'> {
  if (database.deleted) return 'gone';
  if (database.sequence !== seen) return 'changed';
  const news = new AbortController();
  const stop = database.onChange(() => news.abort());
  const wait = Math.min(heartbeat ?? timeout ?? longestWait, longestWait);
  try {
    await platform.sleep(wait, AbortSignal.any([signal, news.signal]));
    return 'elapsed';
  } catch (error) {
    if (!news.signal.aborted) throw error;
    return database.deleted ? 'gone' : 'changed';
  } finally {
    stop();
  }
}
