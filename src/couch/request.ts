import { type ChildController, childController } from '../core/abort.ts';
import { isCouchtideError, NetworkError } from '../core/errors.ts';
import { parseObject } from '../core/json-value.ts';
import { decodeText } from '../core/text.ts';
import type { Connection, RequestDescription, TimeLimits, Traffic } from './connection.ts';
import { refusal } from './refusal.ts';
import { causeOf, transmit } from './transmit.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

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
    response = await transmit(connection, description, controller.signal, name);
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
