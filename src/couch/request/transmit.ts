import { childController } from '../../core/abort.ts';
import { NetworkError, ProtocolError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { type Answer, ReceivedAnswer } from './answer.ts';
import type { Connection, RequestDescription } from './connection.ts';
import { originOf } from './origin.ts';
import { causeOf } from './transport-failure.ts';
import { watchdog } from './watchdog.ts';

/** Redirects that are followed, as many as browsers do at the most. */
const LONGEST_CHAIN = 20;

/** What is sent, and how its answer is read. */
export interface Sending extends Pick<RequestDescription, 'method' | 'reading' | 'limits' | 'slot' | 'signal'> {
  /** Of the request, for messages. */
  readonly name: string;
  /** The whole url, with its query. */
  readonly url: string;
  readonly headers: Headers;
  /** JSON. */
  readonly body?: string | undefined;
  readonly credentials?: RequestCredentials | undefined;
}

/**
 * Waits for a connection, brings a request to the server, and gives the answer, whatever its status.
 *
 * Redirects are followed by hand, and only within the origin: headers that a caller has added to his requests must not
 * reach another server.
 *
 * @throws NetworkError when there is no answer, or none in time
 * @throws ProtocolError when the answer leads elsewhere
 * @throws the signal's reason when that aborts, also while waiting
 */
export async function transmit(connection: Connection, sending: Sending): Promise<Answer> {
  const { platform, traffic } = connection;
  const { name, signal, reading = { lane: 'short', isResumable: false } } = sending;
  const limits = { ...connection.limits, ...sending.limits };
  const { budget } = originOf(connection);
  const claim = { ...reading, owner: traffic, platform, signal };
  const slot = sending.slot ?? (await budget.take(claim));
  // A connection that the caller has is not given back here.
  const onEnd = sending.slot === undefined ? (): void => slot.release() : (): void => {};
  const controller = childController(signal, slot.signal);
  const dog = watchdog(platform, (ms) =>
    controller.abort(new NetworkError(`${name} got no answer for ${ms / 1000} seconds`, 'timeout')),
  );
  try {
    controller.signal.throwIfAborted();
    dog.start(limits.head);
    const response = await followRedirects(connection, sending, controller.signal);
    dog.rest();
    // Of a server that has failed nothing can be learnt.
    if (response.status < 500 && response.status !== 429) budget.answered(slot);
    const { busy } = budget;
    const onRefused = (retryAfter: number | undefined): void => budget.refused(slot, busy, retryAfter, platform);
    return new ReceivedAnswer(response, { name, controller, watchdog: dog, limits, traffic, slot, onEnd, onRefused });
  } catch (error) {
    dog.stop();
    controller.release();
    onEnd();
    if (controller.signal.aborted) throw controller.signal.reason;
    controller.abort();
    throw error;
  }
}

async function followRedirects(
  { platform, traffic }: Connection,
  { name, url: first, method: firstMethod = 'GET', headers: shared, body: firstBody, credentials }: Sending,
  signal: AbortSignal,
): Promise<Response> {
  let url = first;
  let method: string = firstMethod;
  let body = firstBody;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const headers = new Headers(shared);
    const init: RequestInit = { method, headers, signal, redirect: 'manual' };
    if (credentials !== undefined) init.credentials = credentials;
    if (body !== undefined) {
      init.body = body;
      headers.set('content-type', 'application/json');
    }
    traffic.requests += 1;
    const response = await fetchOnce(platform, url, init, name);
    const location = response.headers.get('location');
    if (!isRedirect(response, location)) return response;
    await response.body?.cancel();
    const target = location === null ? undefined : new URL(location, url);
    if (target === undefined || target.origin !== new URL(url).origin) {
      throw new ProtocolError(`${name} was redirected to another address; use that address itself`, false);
    }
    url = target.href;
    if (response.status === 303) {
      method = 'GET';
      body = undefined;
    }
  }
  throw new ProtocolError(`${name} was redirected more than ${LONGEST_CHAIN} times`, false);
}

async function fetchOnce(platform: Platform, url: string, init: RequestInit, name: string): Promise<Response> {
  try {
    return await platform.fetch(url, init);
  } catch (error) {
    throw new NetworkError(`${name} found nobody who answers${causeOf(error)}`, 'unreachable', { cause: error });
  }
}

/** A browser does not show where a redirect leads, but that it is one. */
function isRedirect({ type, status }: Response, location: string | null): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && location !== null);
}
