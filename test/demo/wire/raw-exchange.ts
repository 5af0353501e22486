import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Ending, Header, RecordedRequest } from './recording.ts';

/** The beginning of an answer. */
export interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly Header[];
  readonly framing: 'chunked' | 'length' | 'none' | 'close';
}

/**
 * One HTTP exchange over a plain socket: the request goes out as exactly the bytes given, the answer is taken apart
 * without anything between that could smooth it.
 *
 * @example
 * ```ts
 * await using exchange = RawExchange.open(port, { method: 'GET', path: '/', headers: [], body: Buffer.alloc(0) });
 * const head = await exchange.head();
 * for (let chunk = await exchange.next(); chunk; chunk = await exchange.next()) use(chunk);
 * ```
 */
export class RawExchange implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #method: string;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #head: Promise<Head> | undefined;
  #end: Ending | undefined;
  #intrusion = false;

  private constructor(socket: Socket, method: string) {
    this.#socket = socket;
    this.#method = method;
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
    });
    // A reset is an end like any other; what was received before it counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static open(port: number, { method, path, headers, body }: RecordedRequest): RawExchange {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const lines = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
    return new RawExchange(socket, method);
  }

  /** Status line and headers, as soon as they are complete. */
  head(): Promise<Head> {
    this.#head ??= this.#readHead();
    return this.#head;
  }

  /**
   * The next HTTP chunk, or the whole body where there are none; `undefined` once the answer has ended, or when something
   * else than a chunk comes ({@link RawExchange.intrusion}).
   */
  async next(): Promise<Buffer | undefined> {
    const { framing, headers } = await this.head();
    if (this.#end !== undefined || this.#intrusion) return undefined;
    switch (framing) {
      case 'chunked':
        return await this.#nextChunk();
      case 'length':
        return await this.#nextBody(Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]));
      case 'close':
        while (await this.#more());
        return this.#finish('complete', this.#take(this.#received.length));
      case 'none':
        return this.#finish('complete', Buffer.alloc(0));
    }
  }

  /** How the answer ended; `cut-by-client` as long as it has not. */
  get end(): Ending {
    return this.#end ?? 'cut-by-client';
  }

  /** What came where a chunk was due: at least so many bytes, or what there is when the connection ends. */
  async intrusion(length: number): Promise<Buffer> {
    while (this.#received.length < length && (await this.#more()));
    return this.#received;
  }

  /** Whether something other than a chunk came where one was due. */
  get intruded(): boolean {
    return this.#intrusion;
  }

  /** Hangs up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (!this.#closed) await once(this.#socket, 'close');
  }

  async #readHead(): Promise<Head> {
    const [statusLine = '', ...lines] = (await this.#line('\r\n\r\n')).split('\r\n');
    const [, status = '', statusText = ''] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(statusLine) ?? [];
    const headers = lines.map((line): Header => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    });
    return { status: Number(status), statusText, headers, framing: framingOf(this.#method, Number(status), headers) };
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    const line = await this.#line('\r\n', false).catch(() => undefined);
    if (line === undefined) return this.#finish('closed-by-server-early');
    if (!/^[0-9a-fA-F]+$/.test(line)) {
      this.#intrusion = true;
      return undefined;
    }
    const size = Number.parseInt(line, 16);
    const frame = line.length + 2 + size + 2;
    while (this.#received.length < frame) if (!(await this.#more())) return this.#finish('closed-by-server-early');
    const chunk = this.#take(frame).subarray(line.length + 2, -2);
    return size === 0 ? this.#finish('complete') : chunk;
  }

  async #nextBody(length: number): Promise<Buffer | undefined> {
    while (this.#received.length < length) if (!(await this.#more())) return this.#finish('closed-by-server-early');
    return this.#finish('complete', this.#take(length));
  }

  #finish(end: Ending, last: Buffer = Buffer.alloc(0)): Buffer | undefined {
    this.#end = end;
    return last.length === 0 ? undefined : last;
  }

  /** Text up to a delimiter, which is taken too unless told otherwise. */
  async #line(delimiter: string, take = true): Promise<string> {
    let end = this.#received.indexOf(delimiter);
    while (end < 0) {
      if (!(await this.#more())) throw new Error(`The connection closed after ${this.#received.length} bytes`);
      end = this.#received.indexOf(delimiter);
    }
    const text = this.#received.toString('utf8', 0, end);
    if (take) this.#take(end + delimiter.length);
    return text;
  }

  /** Waits for more bytes; `false` when none will come. */
  async #more(): Promise<boolean> {
    const before = this.#received.length;
    if (this.#closed || this.#socket.readableEnded) return false;
    await new Promise<void>((resolve) => {
      const events = ['data', 'end', 'close'] as const;
      const done = (): void => {
        for (const event of events) this.#socket.off(event, done);
        resolve();
      };
      for (const event of events) this.#socket.on(event, done);
    });
    return this.#received.length > before;
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }
}

function framingOf(method: string, status: number, headers: readonly Header[]): Head['framing'] {
  const names = headers.map(([name]) => name.toLowerCase());
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (names.includes('transfer-encoding')) return 'chunked';
  return names.includes('content-length') ? 'length' : 'close';
}
