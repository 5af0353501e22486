import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is done with one request. */
export type Scripted = (response: ServerResponse, request: SeenRequest) => void;

/** A server that answers its requests one after the other as a test has written it down, to do what no sound server does. */
export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** @param script one step for each request; the last one also answers all that follow */
export async function startScriptedServer(...script: Scripted[]): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const path = request.url ?? '';
    const seen = {
      method: request.method ?? '',
      path,
      query: new URL(path, 'http://h').searchParams,
      headers: request.headers,
      body,
    };
    requests.push(seen);
    const step = script[Math.min(requests.length, script.length) - 1];
    step?.(response, seen);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON, or with a text as it is. */
export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): Scripted {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text);
  };
}

/** Answers with the beginning of a body, then tears the connection. */
export function cutAfter(text: string): Scripted {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(text, () => response.destroy());
  };
}

/** Answers nothing at all. */
export const silence: Scripted = () => {};

/** Tears the connection without an answer. */
export const hangUp: Scripted = (response) => {
  response.destroy();
};
