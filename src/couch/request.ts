import { type ChildController, childController } from '../core/abort.ts';
import { isCouchtideError, NetworkError, ProtocolError } from '../core/errors.ts';
import { isJsonObject, parseObject } from '../core/json-value.ts';
import type { Platform } from '../core/platform.ts';
import { decodeText } from '../core/text.ts';
import type { Authorize } from './auth.ts';
import { refusal } from './refusal.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

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
  readonly authorize: Authorize;
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
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly limits?: Partial<TimeLimits>;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose status says success. Its body must be read to the end, or the answer closed. */
export interface Answer {
  readonly response: Response;
  /** The body, piece by piece. Leaving the loop closes the connection. */
  bytes(): AsyncGenerator<Uint8Array, void, undefined>;
  /** The whole body as text. */
  text(): Promise<string>;
  /** Gives up what has not been read, and the connection with it. */
  close(): void;
}

/**
 * Sends one request and waits for the head of the answer.
 *
 * @throws CouchError when the server refuses
 * @throws NetworkError when there is no answer, or none in time
 * @throws ProtocolError when the answer is not CouchDB's
 */
export async function send(connection: Connection, description: RequestDescription): Promise<Answer> {
  const { platform } = connection;
  const limits = { ...connection.limits, ...description.limits };
  const name = `${description.method ?? 'GET'} ${description.url}`;
  const controller = childController(description.signal);
  const dog = watchdog(platform, (ms) =>
    controller.abort(new NetworkError(`${name} got no answer for ${ms / 1000} seconds`, 'timeout')),
  );
  let response: Response;
  try {
    controller.signal.throwIfAborted();
    dog.start(limits.head);
    response = await follow(connection, description, controller.signal, name);
    dog.rest();
  } catch (error) {
    dog.stop();
    controller.release();
    if (controller.signal.aborted) throw controller.signal.reason;
    controller.abort();
    throw error;
  }
  const answer = new ReceivedAnswer(response, name, controller, dog, limits, connection);
  if (response.ok) return answer;
  throw refusal(response, await answer.beginning(LONGEST_REFUSAL), name, platform);
}

/** Sends one request and reads its answer, a JSON object. */
export async function sendForObject(
  connection: Connection,
  description: RequestDescription,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await send(connection, description);
  return parseObject(await answer.text(), `The answer to ${description.method ?? 'GET'} ${description.url}`);
}

/** As much of a refusal's body as is read: CouchDB's own are short, a proxy's page only needs its beginning. */
const LONGEST_REFUSAL = 16 * 1024;

/** Redirects that are followed, as many as browsers do at the most. */
const LONGEST_CHAIN = 20;

/**
 * Redirects are followed by hand, and only within the origin: headers that a caller has added to his requests must not
 * reach another server.
 */
async function follow(
  connection: Connection,
  description: RequestDescription,
  signal: AbortSignal,
  name: string,
): Promise<Response> {
  let url = withQuery(description.url, description.query);
  let method: string = description.method ?? 'GET';
  let body = description.json === undefined ? undefined : JSON.stringify(description.json);
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const headers = new Headers(connection.headers);
    headers.set('accept', 'application/json');
    (await connection.authorize()).forEach((value, header) => {
      headers.set(header, value);
    });
    if (body !== undefined) headers.set('content-type', 'application/json');
    connection.traffic.requests += 1;
    const response = await fetchOnce(
      connection.platform,
      url,
      { method, headers, signal, redirect: 'manual', ...(body === undefined ? {} : { body }) },
      name,
    );
    const location = response.headers.get('location');
    if (response.type !== 'opaqueredirect' && (response.status < 300 || response.status > 399 || location === null))
      return response;
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

function withQuery(url: string, query: RequestDescription['query'] = {}): string {
  const parameters = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  if (parameters.length === 0) return url;
  return `${url}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

class ReceivedAnswer implements Answer {
  readonly response: Response;
  readonly #name: string;
  readonly #controller: ChildController;
  readonly #watchdog: Watchdog;
  readonly #limits: TimeLimits;
  readonly #traffic: Traffic;

  constructor(
    response: Response,
    name: string,
    controller: ChildController,
    dog: Watchdog,
    limits: TimeLimits,
    { traffic }: Connection,
  ) {
    this.response = response;
    this.#name = name;
    this.#controller = controller;
    this.#watchdog = dog;
    this.#limits = limits;
    this.#traffic = traffic;
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.response.body?.getReader();
    let complete = false;
    try {
      while (reader !== undefined) {
        this.#watchdog.start(this.#limits.body);
        const { done, value } = await reader.read();
        this.#watchdog.rest();
        if (done) break;
        this.#traffic.bytes += value.byteLength;
        yield value;
      }
      complete = true;
    } catch (error) {
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason;
      throw new NetworkError(`The answer to ${this.#name} broke off${causeOf(error)}`, 'cut', { cause: error });
    } finally {
      if (complete) this.#release();
      else this.close();
    }
  }

  /** The body up to some length, less where it breaks off; the rest is given up. */
  async beginning(length: number): Promise<string> {
    let text = '';
    try {
      for await (const piece of decodeText(this.bytes())) {
        text += piece;
        if (text.length >= length) break;
      }
    } catch (error) {
      // What has arrived is all that is to be had.
      if (!isCouchtideError(error)) throw error;
    }
    return text.slice(0, length);
  }

  async text(): Promise<string> {
    const pieces: string[] = [];
    for await (const piece of decodeText(this.bytes())) pieces.push(piece);
    return pieces.join('');
  }

  close(): void {
    this.#release();
    this.#controller.abort();
  }

  #release(): void {
    this.#watchdog.stop();
    this.#controller.release();
  }
}

/** What the platform says of the failure: `fetch` hides the system's own word one level down. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && isJsonObject(error.cause) ? error.cause : error;
  if (!isJsonObject(cause)) return '';
  const said = cause['code'] ?? cause['message'];
  return typeof said === 'string' && said !== '' ? ` (${said})` : '';
}
