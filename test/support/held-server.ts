import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Scripted, type SeenRequest, startScriptedServer } from './scripted-server.ts';

/** A request that waits for a test to answer it. */
export interface HeldRequest extends SeenRequest {
  readonly response: ServerResponse;
  /** Answers the whole of it. */
  answer(step: Scripted): void;
  /** Sends a piece of the body, after the head if that is not sent yet; resolves when it is on its way. */
  write(piece: string | Uint8Array, contentType?: string): Promise<void>;
  /** Ends the body. */
  end(): void;
  /** Tears the connection. */
  tear(): void;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<unknown>;
}

/** A server whose every answer a test writes itself, when it wants. */
export interface HeldServer {
  readonly url: string;
  /** The next request that nobody has taken yet. */
  request(): Promise<HeldRequest>;
  /** How many requests nobody has taken yet. */
  readonly waiting: number;
  close(): Promise<void>;
}

export async function startHeldServer(): Promise<HeldServer> {
  const arrived: HeldRequest[] = [];
  const takers: ((request: HeldRequest) => void)[] = [];
  const server = await startScriptedServer((response, seen) => {
    const request = hold(response, seen);
    const taker = takers.shift();
    if (taker === undefined) arrived.push(request);
    else taker(request);
  });
  return {
    url: server.url,
    request() {
      const request = arrived.shift();
      return request === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(request);
    },
    get waiting() {
      return arrived.length;
    },
    close: () => server.close(),
  };
}

function hold(response: ServerResponse, seen: SeenRequest): HeldRequest {
  return {
    ...seen,
    response,
    answer: (step) => step(response, seen),
    write(piece, contentType = 'application/json') {
      if (!response.headersSent) response.writeHead(200, { 'content-type': contentType });
      return new Promise((resolve, reject) => {
        response.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    },
    end: () => void response.end(),
    tear: () => void response.destroy(),
    closed: once(response, 'close'),
  };
}
