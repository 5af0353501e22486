import type { ChildController } from '../../core/abort.ts';
import { isCouchtideError, NetworkError } from '../../core/errors.ts';
import { decodeText } from '../../core/text.ts';
import type { Slot } from '../budget/slot.ts';
import type { TimeLimits, Traffic } from './connection.ts';
import { causeOf } from './transport-failure.ts';
import type { Watchdog } from './watchdog.ts';

/** An answer, of whatever status. Its body must be read to the end, or the answer closed. */
export interface Answer {
  readonly response: Response;
  /** Whether its reader had better end here, where it can go on later, as others wait for a connection. */
  readonly isOverdue: boolean;
  /**
   * The body, piece by piece. Leaving the loop closes the connection.
   *
   * @param lent whether a piece is only good until the next one is asked for, which keeps a long body from leaving garbage behind
   */
  bytes(lent?: boolean): AsyncGenerator<Uint8Array, void, undefined>;
  /** The whole body as text. */
  text(): Promise<string>;
  /** The body up to some length, less where it breaks off; the rest is given up. */
  beginning(length: number): Promise<string>;
  /** Gives up what has not been read, and the connection with it. */
  close(): void;
  /**
   * It says that there are too many requests: there will be fewer, after a pause.
   *
   * @param retryAfter how long the server asks to wait, in milliseconds
   */
  refuse(retryAfter: number | undefined): void;
}

/** What an answer was received through. */
export interface Reception {
  /** Of the request, for messages. */
  readonly name: string;
  /** Aborts the request. */
  readonly controller: ChildController;
  readonly watchdog: Watchdog;
  readonly limits: TimeLimits;
  readonly traffic: Traffic;
  readonly slot: Slot;
  /** Called when nothing of the body is wanted any more. */
  readonly onEnd: () => void;
  readonly onRefused: (retryAfter: number | undefined) => void;
}

/** An answer whose head has arrived. */
export class ReceivedAnswer implements Answer {
  readonly response: Response;
  readonly #reception: Reception;

  constructor(response: Response, reception: Reception) {
    this.response = response;
    this.#reception = reception;
    reception.slot.pauseReading();
  }

  get isOverdue(): boolean {
    return this.#reception.slot.isOverdue;
  }

  async *bytes(lent = false): AsyncGenerator<Uint8Array, void, undefined> {
    const { name, controller, watchdog, limits, traffic, slot } = this.#reception;
    const { body } = this.response;
    const read = body === null ? undefined : ((lent ? readerOfOneBuffer(body) : undefined) ?? readerOf(body));
    let complete = false;
    try {
      while (read !== undefined) {
        watchdog.start(limits.body);
        slot.goOnReading();
        const { done, value } = await read();
        slot.pauseReading();
        watchdog.rest();
        if (done || value === undefined) break;
        traffic.bytes += value.byteLength;
        yield value;
      }
      complete = true;
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw new NetworkError(`The answer to ${name} broke off${causeOf(error)}`, 'cut', { cause: error });
    } finally {
      if (complete) this.#end();
      else this.close();
    }
  }

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
    this.#end();
    this.#reception.controller.abort();
  }

  refuse(retryAfter: number | undefined): void {
    this.#reception.onRefused(retryAfter);
  }

  #end(): void {
    const { watchdog, controller, onEnd } = this.#reception;
    watchdog.stop();
    controller.release();
    onEnd();
  }
}

type Read = () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;

function readerOf(body: ReadableStream<Uint8Array>): Read {
  const reader = body.getReader();
  return () => reader.read();
}

/** Bytes that are read at once into a buffer that is used again. */
const BUFFER_BYTES = 256 * 1024;

/** Undefined for a stream that does not read into buffers of its reader: https://streams.spec.whatwg.org/#byob-readers. */
function readerOfOneBuffer(body: ReadableStream<Uint8Array>): Read | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (value !== undefined) buffer = value.buffer;
    return { done, value };
  };
}
