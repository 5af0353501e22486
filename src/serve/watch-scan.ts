import { type Backoff, backoffDelay } from '../core/backoff.ts';
import { CouchError, isCouchError, isNetworkError, isRetryable, NetworkError, ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { excerpt, isJsonObject, type JsonObject } from '../core/json-value.ts';
import { loadPart } from '../core/load-part.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { Finding, Progress, Report, ScanCounts, ScanSummary } from '../scan/events.ts';
import { identityOf } from '../scan/run/identity.ts';

/** How a scan elsewhere is watched. */
export interface WatchScanOptions {
  readonly fetch?: Platform['fetch'];
  /** Sent with every request, such as `authorization`. */
  readonly headers?: HeadersInit;
  /** What is scanned with, by name; by default all that the handler has. */
  readonly plugins?: readonly string[];
  /** Patterns to find, where the handler takes any. */
  readonly find?: Readonly<Record<string, string>>;
  /** How often in a row a request that fails is tried again. Default 10. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** Something that could not be scanned, as the handler tells of it. */
export interface WatchedFailure {
  readonly type: 'failure';
  readonly plugin?: string;
  readonly callback?: string;
  readonly db?: string;
  readonly id?: string;
  readonly message: string;
  readonly fatal: boolean;
}

/** What a watched scan tells. */
export type WatchedEvent = Finding | Report | Progress | WatchedFailure | Omit<ScanSummary, 'token'>;

const BACKOFF: Backoff = { base: 500, cap: 30_000 };

const NOTHING: ScanCounts = { databases: 0, designDocs: 0, documents: 0, bodies: 0, findings: 0, failures: 0 };

/**
 * Watches a scan that a `scanHandler` does, slice by slice, until it is complete. A request that fails or breaks off is sent again with the
 * token of its slice; what was found in that already is told once.
 *
 * @param url of the handler, `?source=name` with it
 * @throws CouchError when the handler refuses; NetworkError and ProtocolError when tries are used up
 *
 * @example
 * ```ts
 * const watched = watchScan('http://127.0.0.1:8080/scan?source=recipes', { headers: { authorization: 'Bearer of good news' } });
 * const watching = watched.subscribe({
 *   next: (event) => console.log(event.type),
 *   error: (error) => console.log('nobody is there', error.name),
 * });
 * watching.unsubscribe();
 * ```
 */
export function watchScan(url: string, options: WatchScanOptions = {}): Feed<WatchedEvent> {
  return new Feed((signal) => watch(url, options, signal), { signal: options.signal });
}

async function* watch(
  url: string,
  options: WatchScanOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchedEvent[], void, undefined> {
  const on = platform({ ...options.platform, ...(options.fetch === undefined ? {} : { fetch: options.fetch }) });
  const { attempts = 10, plugins, find } = options;
  let body: JsonObject = { ...(plugins === undefined ? {} : { plugins }), ...(find === undefined ? {} : { find }) };
  let before = NOTHING;
  let failures = 0;
  // Of the slice that is under way: a request that is sent again tells them again.
  let found = new Set<string>();
  for (;;) {
    try {
      for await (const event of readSlice(url, body, options.headers, on, signal)) {
        failures = 0;
        if (event['type'] === 'summary') {
          yield [withCounts(event, before)];
          return;
        }
        if (event['type'] === 'slice') {
          before = added(before, event);
          found = new Set();
          body = { token: event['token'] };
          await on.sleep(Number(event['retryAfter']) || 0, signal);
          break;
        }
        if (event['type'] === 'finding') {
          const identity = identityOf(event as unknown as Finding);
          if (found.has(identity)) continue;
          found.add(identity);
        }
        yield [event['type'] === 'progress' ? withCounts(event, before) : (event as unknown as WatchedEvent)];
      }
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      if (!isRetryable(error) || failures >= attempts) throw error;
      const floor = isCouchError(error) ? error.retryAfter : undefined;
      await on.sleep(backoffDelay(failures, BACKOFF, on.random(), floor), signal);
    }
  }
}

/** The events of one answer, the last of which is its summary or its slice. */
async function* readSlice(
  url: string,
  body: JsonObject,
  headers: HeadersInit | undefined,
  on: Platform,
  signal: AbortSignal,
): AsyncGenerator<JsonObject, void, undefined> {
  const sent = new Headers(headers);
  sent.set('content-type', 'application/json');
  sent.set('accept', 'text/event-stream');
  let answer: Response;
  try {
    answer = await on.fetch(url, { method: 'POST', headers: sent, body: JSON.stringify(body), signal });
  } catch (error) {
    throw new NetworkError('The handler of the scan cannot be reached', 'unreachable', { cause: error });
  }
  if (!answer.ok) throw await refusal(answer, url);
  let isWhole = false;
  try {
    const { events } = await loadPart(import('fetch-event-stream'));
    for await (const { data } of events(answer, signal)) {
      if (data === undefined || data === '') continue;
      const event = parse(data);
      isWhole = event['type'] === 'summary' || event['type'] === 'slice';
      if (event['type'] === 'error') throw new NetworkError(String(event['message']), 'cut');
      yield event;
    }
  } catch (error) {
    if (isNetworkError(error) || error instanceof ProtocolError) throw error;
    throw new NetworkError('The answer of the handler broke off', 'cut', { cause: error });
  }
  if (!isWhole) throw new NetworkError('The answer of the handler broke off', 'cut');
}

async function refusal(answer: Response, url: string): Promise<CouchError> {
  const { status, headers } = answer;
  const text = await answer.text().catch(() => '');
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    // A proxy, perhaps.
  }
  const { error, reason } = isJsonObject(told) ? told : {};
  const seconds = Number(headers.get('retry-after'));
  const said = typeof reason === 'string' ? reason : excerpt(text);
  return new CouchError(`The scan was refused with status ${status}: ${said}`, {
    status,
    error: typeof error === 'string' ? error : '',
    reason: said,
    retryable: status === 429 || status >= 500,
    request: `POST ${url.replace(/\?.*$/s, '')}`,
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds * 1000 } : {}),
  });
}

function parse(data: string): JsonObject {
  try {
    const event: unknown = JSON.parse(data);
    if (isJsonObject(event) && typeof event['type'] === 'string') return event;
  } catch {
    // Told below.
  }
  throw new ProtocolError(`The handler told something that is no event: ${excerpt(data)}`, false);
}

function withCounts(event: JsonObject, before: ScanCounts): WatchedEvent {
  return { ...event, ...added(before, event) } as unknown as WatchedEvent;
}

function added(before: ScanCounts, event: JsonObject): ScanCounts {
  const sum = (name: keyof ScanCounts): number => before[name] + (Number(event[name]) || 0);
  return {
    databases: sum('databases'),
    designDocs: sum('designDocs'),
    documents: sum('documents'),
    bodies: sum('bodies'),
    findings: sum('findings'),
    failures: sum('failures'),
  };
}
