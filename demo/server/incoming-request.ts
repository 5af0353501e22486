import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { ServerConfig } from './config.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { type Headers, Refusal, type Request } from './model.ts';
import { decodePath, parseQuery } from './url.ts';

/** A request as it came, turned into what handlers see. */
export class IncomingRequest implements Request {
  readonly method: string;
  readonly rawPath: string;
  readonly path: readonly string[];
  readonly query: Request['query'];
  readonly headers: Headers;
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
  identity: Identity = ANONYMOUS;
  readonly #message: IncomingMessage;
  readonly #config: ServerConfig;
  #body: Promise<Uint8Array> | undefined;

  constructor(message: IncomingMessage, config: ServerConfig, signal: AbortSignal) {
    const target = message.url ?? '/';
    const mark = target.indexOf('?');
    this.method = message.method === 'HEAD' ? 'GET' : (message.method ?? 'GET');
    this.rawPath = mark === -1 ? target : target.slice(0, mark);
    this.path = decodePath(this.rawPath);
    this.query = parseQuery(mark === -1 ? '' : target.slice(mark + 1));
    this.headers = { get: (name) => joined(message.headers[name]) };
    this.remoteAddress = message.socket.remoteAddress ?? '';
    this.signal = signal;
    this.#message = message;
    this.#config = config;
  }

  /** Whether there is a body that nobody read. */
  get hasUnreadBody(): boolean {
    const { headers } = this.#message;
    const isSent = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
    return isSent && this.#body === undefined;
  }

  async body(): Promise<Uint8Array> {
    return this.#decode(await this.rawBody());
  }

  rawBody(): Promise<Uint8Array> {
    this.#body ??= this.#readBody();
    return this.#body;
  }

  async #readBody(): Promise<Uint8Array> {
    const { maxHttpRequestSize } = this.#config;
    const tooLarge = new Refusal(413, 'too_large', 'the request entity is too large');
    if (Number(this.headers.get('content-length') ?? 0) > maxHttpRequestSize) throw tooLarge;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#message as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxHttpRequestSize) throw tooLarge;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #decode(bytes: Uint8Array): Uint8Array {
    const encoding = this.headers.get('content-encoding') ?? 'identity';
    if (encoding === 'identity') return bytes;
    if (encoding !== 'gzip') {
      throw new Refusal(415, 'bad_content_type', `${encoding} is not a supported content encoding.`);
    }
    try {
      return gunzipSync(bytes, { maxOutputLength: this.#config.maxHttpRequestSize });
    } catch {
      throw new Refusal(400, 'bad_request', 'Request body is not properly gzipped.');
    }
  }
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
