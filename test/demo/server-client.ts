import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What a server answered. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Sends a request over a connection of its own, JSON where there is a body. */
export async function ask(method: string, url: string, body?: unknown): Promise<Answer> {
  const response = await open(method, url, body);
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The JSON that a server answered. */
export async function askJson(method: string, url: string, body?: unknown) {
  return JSON.parse((await ask(method, url, body)).body);
}

/** Sends a request; gives the answer as soon as its head is there. */
export async function open(method: string, url: string, body?: unknown): Promise<IncomingMessage> {
  const headers = { Accept: 'application/json', ...(body !== undefined && { 'Content-Type': 'application/json' }) };
  const sent = request(url, { method, headers, agent: false });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(sent, 'response');
  return response;
}

/** The lines of a body, as they come. */
export async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}
