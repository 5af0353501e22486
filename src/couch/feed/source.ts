import type { RequestDescription } from '../request/connection.ts';
import type { Endpoint } from '../request/endpoint.ts';
import type { Sequence } from './sequence.ts';

/** What every row of a feed has. */
export interface FeedRow {
  /** Where the feed can be resumed after this row, where the row says. */
  readonly seq: Sequence | null;
}

/** What a feed is read from, and what its rows are. */
export interface FeedSource<R extends FeedRow> {
  readonly endpoint: Endpoint;
  /** The request, but for the kind of feed and where it begins. */
  readonly request: RequestDescription;
  /** Reads a row; throws a ProtocolError where it is none. */
  readonly parse: (text: string) => R;
  readonly since: Sequence | undefined;
  /** The most rows. */
  readonly limit: number | undefined;
}

/** The feed has told all there is. */
export interface FeedEnd {
  readonly type: 'end';
  /** Where the next reading begins; also past rows that a filter held back. */
  readonly lastSeq: Sequence;
  /** Rows that are left after this, where the server counts them. */
  readonly pending?: number;
}

/**
 * A live feed is connected again after its connection broke, ended sooner than was agreed, or could not be had. Meanwhile the
 * database may have become another one.
 */
export interface FeedReconnected {
  readonly type: 'reconnected';
}

/** What a feed tells beside its rows. */
export type FeedSign = FeedIdle | FeedEnd | FeedReconnected;

/** A live feed has told what there was, and waits for more. */
export interface FeedIdle {
  readonly type: 'idle';
  /** Where a later reading would go on. */
  readonly lastSeq: Sequence;
  /** What the server counts as left, where it has just said so: always after catching up, not where it has only gone quiet. */
  readonly pending?: number;
}
