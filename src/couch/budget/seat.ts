import type { Platform } from '../../core/platform.ts';
import type { Slot } from './slot.ts';

/** A live feed's place among those of its origin. */
export interface Seat {
  /**
   * Waits for the feed's turn: with a connection on which it waits for changes until the slot's signal aborts, or without, to
   * ask once what there is. The turn ends with `rest`, or with the next one.
   *
   * @throws the signal's reason when that aborts first
   */
  turn(signal: AbortSignal): Promise<Slot | undefined>;
  /** The turn is over, and its connection, if it came with one, has been given back. */
  rest(): void;
  /** Something has happened on the feed. */
  stir(): void;
  /** The feed ends. */
  leave(): void;
}

/** Who takes a seat. */
export interface Party {
  readonly platform: Platform;
  /** The database that is followed, by its name as the server spells it; none where it is something else. */
  readonly database?: string;
  /** Who is of the same group sees the same of the server. */
  readonly group?: string;
  /** Follows what the server tells of all databases at once. */
  readonly watch?: WatchDatabases;
}

/**
 * Follows what a server tells of all its databases, until the signal aborts.
 *
 * @throws CouchError when the server does not tell, or not to everybody
 */
export type WatchDatabases = (watching: Watching, signal: AbortSignal) => Promise<void>;

/** Who is told of what is watched. */
export interface Watching {
  readonly seat: Seat;
  /** Something has happened to a database. */
  readonly onTold: (database: string) => void;
  /** For a while nothing is told; what happens meanwhile is told later. */
  readonly onLost: () => void;
}
