import type { Platform } from '../../core/platform.ts';
import type { Slot } from '../budget/slot.ts';
import type { Authorization } from './authorization.ts';

/** How long a server may take, in milliseconds. Waiting for a free connection does not count. */
export interface TimeLimits {
  /** Until the head of an answer arrives. */
  readonly head: number;
  /** Between two pieces of an answer's body. */
  readonly body: number;
}

/** What every request to one server shares. */
export interface Connection {
  readonly platform: Platform;
  /** Scheme, host and port: whoever shares these and the platform's `fetch` shares connections. */
  readonly origin: string;
  /** The most connections at the same time. */
  readonly connections: number;
  readonly authorization: Authorization;
  readonly headers: Headers;
  readonly limits: TimeLimits;
  /** Called once for every request that is sent, and for every piece of a body that arrives. Who is counted apart takes turns. */
  readonly traffic: Traffic;
}

/** What has gone over the wire, as counters that only grow. */
export interface Traffic {
  requests: number;
  /** Bytes of bodies received, after the transport has unpacked them. */
  bytes: number;
}

/** One request. */
export interface RequestDescription {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** The whole url, without a query. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** The type of answer that is wanted. Default JSON. */
  readonly accept?: string;
  /** The bytes that are wanted of the answer, such as `bytes=500-`. */
  readonly range?: string | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly limits?: Partial<TimeLimits>;
  /** Default: an answer that is read at once. */
  readonly reading?: Reading;
  /** A connection that the caller has and gives back himself, in place of one for this request alone. */
  readonly slot?: Slot | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How the answer to a request is read. */
export interface Reading {
  /** `feed` where its reader may need other answers before it goes on reading, `short` otherwise. */
  readonly lane: 'short' | 'feed';
  /** Whether the reader goes on with another request after a `DisplacedError`. */
  readonly isResumable: boolean;
}
