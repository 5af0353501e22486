import type { Platform } from '../core/platform.ts';
import type { Authorization } from './authorization.ts';

/** How long a server may take, in milliseconds. */
export interface TimeLimits {
  /** Until the head of an answer arrives. */
  readonly head: number;
  /** Between two pieces of an answer's body. */
  readonly body: number;
}

/** What every request to one server shares. */
export interface Connection {
  readonly platform: Platform;
  readonly authorization: Authorization;
  readonly headers: Headers;
  readonly limits: TimeLimits;
  /** Called once for every request that is sent, and for every piece of a body that arrives. */
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
  readonly signal?: AbortSignal | undefined;
}
