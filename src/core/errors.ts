/**
 * The errors of couchtide: a small tree, each class with the data it carries as fields and a guard that also works
 * across realms and across the ESM and CommonJS copies of the package. Messages say what failed and what to do, and
 * never hold credentials.
 *
 * @module
 */

/** The root of the tree: every error that couchtide raises on purpose. */
export class CouchtideError extends Error {
  override readonly name: string = 'CouchtideError';
}

/** What the caller gave cannot be used: a malformed url, an unknown option, values that contradict each other. */
export class InputError extends CouchtideError {
  override readonly name = 'InputError';
}

/** What a server answered, as {@link CouchError} carries it. */
export interface CouchErrorDetails {
  /** The HTTP status. */
  readonly status: number;
  /** CouchDB's short name of the error, such as `not_found`; empty when the body was not CouchDB's. */
  readonly error: string;
  /** CouchDB's sentence, or the beginning of the body. */
  readonly reason: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** The request, `GET https://host/db/_changes`, without credentials and without its query. */
  readonly request: string;
  /** How long the server asked to wait (`Retry-After`), in milliseconds. */
  readonly retryAfter?: number;
}

/** A server answered, and the answer is an error: its status, CouchDB's `error` and `reason`. */
export class CouchError extends CouchtideError implements CouchErrorDetails {
  override readonly name = 'CouchError';
  readonly status: number;
  readonly error: string;
  readonly reason: string;
  readonly retryable: boolean;
  readonly request: string;
  readonly retryAfter?: number;

  constructor(message: string, details: CouchErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.status = details.status;
    this.error = details.error;
    this.reason = details.reason;
    this.retryable = details.retryable;
    this.request = details.request;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/**
 * How a request failed without a usable answer: nobody there (`unreachable`), no byte in time (`timeout`), an answer that
 * broke off (`cut`).
 */
export type NetworkFailure = 'unreachable' | 'timeout' | 'cut';

/** No answer, or only a part of one. Always worth another try. */
export class NetworkError extends CouchtideError {
  override readonly name = 'NetworkError';
  readonly retryable = true;
  readonly failure: NetworkFailure;

  constructor(message: string, failure: NetworkFailure, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** An answer arrived that CouchDB would not give: a page of HTML, broken JSON, members missing. */
export class ProtocolError extends CouchtideError {
  override readonly name = 'ProtocolError';
  /** Whether a later answer may be sound, as behind a proxy that shows a page of its own for a while. */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}

/**
 * Why a store failed: held by another writer for too long (`busy`), no room (`full`), not writable (`read-only`), written
 * by another program (`foreign`) or by a newer couchtide (`newer`), damaged (`corrupt`), not there (`missing`), no
 * permission (`denied`), anything else (`failed`).
 */
export type StoreFailure =
  | 'busy'
  | 'full'
  | 'read-only'
  | 'foreign'
  | 'newer'
  | 'corrupt'
  | 'missing'
  | 'denied'
  | 'failed';

/** A store could not do what was asked. Nothing of a failed commit is kept, except where the answer itself was lost. */
export class StoreError extends CouchtideError {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;
  /** Whether the same may succeed later: only a store that is `busy` gets better by waiting. */
  readonly retryable: boolean;

  constructor(message: string, failure: StoreFailure, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
    this.retryable = failure === 'busy';
  }
}

/** Something is larger than a store takes. Raised before anything is written. */
export class LimitError extends CouchtideError {
  override readonly name = 'LimitError';
  /** The name of the limit, as in `KvLimits`. */
  readonly limit: string;
  readonly allowed: number;
  readonly actual: number;

  constructor(limit: string, allowed: number, actual: number) {
    super(`Limit ${limit} exceeded: ${actual}, at most ${allowed} are allowed`);
    this.limit = limit;
    this.allowed = allowed;
    this.actual = actual;
  }
}

/** A guarded update lost its race more often than it may. Nothing was written; it can be tried again. */
export class ContentionError extends CouchtideError {
  override readonly name = 'ContentionError';
  readonly retryable = true;
}

/** Something was used after it was closed, or closed while it was used. Its `cause` is the reason that was given, if any was. */
export class ClosedError extends CouchtideError {
  override readonly name = 'ClosedError';
}

/**
 * Whoever holds a job does not hold it any more: it was given up for dead, cancelled, removed or given to another. Nothing was
 * written. Stop working on it.
 */
export class LeaseLostError extends CouchtideError {
  override readonly name = 'LeaseLostError';
}

/** Somebody has asked for a running job to end. Whoever works on it may finish cleanly, within one timeout of its type. */
export class JobCancelledError extends CouchtideError {
  override readonly name = 'JobCancelledError';
}

/** Where a plugin failed, as {@link PluginError} carries it. */
export interface PluginFailure {
  /** The name of the plugin. */
  readonly plugin: string;
  /** The service, the data or the parts that it failed for, by id; undefined where it failed on its own, as in its setup. */
  readonly key?: string | undefined;
  /** The hook that failed. */
  readonly hook?: string | undefined;
}

/** What a plugin brought has failed: a hook, data, a part, its setup, its `notify`. Its `cause` is what the plugin threw. */
export class PluginError extends CouchtideError implements PluginFailure {
  override readonly name = 'PluginError';
  readonly plugin: string;
  readonly key?: string;
  readonly hook?: string;

  constructor(message: string, { plugin, key, hook }: PluginFailure, options?: ErrorOptions) {
    super(message, options);
    this.plugin = plugin;
    if (key !== undefined) this.key = key;
    if (hook !== undefined) this.hook = hook;
  }
}

/** Several plugins were called and some of them have failed; the others have done their work. */
export class DispatchError extends CouchtideError {
  override readonly name = 'DispatchError';
  /** In the order of the plugins, one at least. */
  readonly failures: readonly PluginError[];

  constructor(message: string, failures: readonly PluginError[]) {
    super(message, { cause: failures[0] });
    this.failures = failures;
  }
}

/** Whether a value is any error of couchtide. */
export function isCouchtideError(value: unknown): value is CouchtideError {
  return value instanceof CouchtideError || NAMES.has(nameOf(value));
}

/** Whether a value is an {@link InputError}. */
export function isInputError(value: unknown): value is InputError {
  return nameOf(value) === 'InputError';
}

/** Whether a value is a {@link CouchError}. */
export function isCouchError(value: unknown): value is CouchError {
  return nameOf(value) === 'CouchError';
}

/** Whether a value is a {@link NetworkError}. */
export function isNetworkError(value: unknown): value is NetworkError {
  return nameOf(value) === 'NetworkError';
}

/** Whether a value is a {@link ProtocolError}. */
export function isProtocolError(value: unknown): value is ProtocolError {
  return nameOf(value) === 'ProtocolError';
}

/** Whether a value is a {@link StoreError}. */
export function isStoreError(value: unknown): value is StoreError {
  return nameOf(value) === 'StoreError';
}

/** Whether a value is a {@link LimitError}. */
export function isLimitError(value: unknown): value is LimitError {
  return nameOf(value) === 'LimitError';
}

/** Whether a value is a {@link ContentionError}. */
export function isContentionError(value: unknown): value is ContentionError {
  return nameOf(value) === 'ContentionError';
}

/** Whether a value is a {@link ClosedError}. */
export function isClosedError(value: unknown): value is ClosedError {
  return nameOf(value) === 'ClosedError';
}

/** Whether a value is a {@link LeaseLostError}. */
export function isLeaseLostError(value: unknown): value is LeaseLostError {
  return nameOf(value) === 'LeaseLostError';
}

/** Whether a value is a {@link JobCancelledError}. */
export function isJobCancelledError(value: unknown): value is JobCancelledError {
  return nameOf(value) === 'JobCancelledError';
}

/** Whether a value is a {@link PluginError}. */
export function isPluginError(value: unknown): value is PluginError {
  return nameOf(value) === 'PluginError';
}

/** Whether a value is a {@link DispatchError}. */
export function isDispatchError(value: unknown): value is DispatchError {
  return nameOf(value) === 'DispatchError';
}

/** Whether a later try of the same may succeed, by the error's own word. */
export function isRetryable(value: unknown): boolean {
  return isCouchtideError(value) && 'retryable' in value && value.retryable === true;
}

const NAMES: ReadonlySet<string> = new Set([
  'CouchtideError',
  'InputError',
  'CouchError',
  'NetworkError',
  'ProtocolError',
  'StoreError',
  'LimitError',
  'LeaseLostError',
  'JobCancelledError',
  'ContentionError',
  'ClosedError',
  'PluginError',
  'DispatchError',
]);

/** The name of an error, whichever realm or copy of the package made it; empty for anything else. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('message' in value)) return '';
  return typeof value.name === 'string' ? value.name : '';
}
