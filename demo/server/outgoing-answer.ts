import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Platform } from '../../src/core/platform.ts';
import { refusalAnswer } from './answers.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { type Answer, type AnswerHeaders, type Piece, Refusal, type Request } from './model.ts';

/** Says which server this is. */
const SERVER = 'CouchDB/3.4.3 (Erlang OTP/25)';

/** How an answer learns the time and gets its id. */
export type AnswerPlatform = Pick<Platform, 'now' | 'random'>;

/** Sends an answer the way CouchDB frames it, as fast as the client takes it. */
export async function sendAnswer(
  response: ServerResponse,
  request: IncomingRequest,
  answer: Answer,
  platform: AnswerPlatform,
): Promise<void> {
  const { body } = answer;
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  const closes = request.hasUnreadBody || answer.status === 413;
  const headers: Record<string, string | readonly string[]> = {
    ...answer.headers,
    ...frameHeaders(platform, answer.untracked ?? false),
    ...(isWhole ? { 'Content-Length': String(Buffer.byteLength(body)) } : { 'Transfer-Encoding': 'chunked' }),
    ...(closes && { Connection: 'close' }),
  };
  if (answer.status === 304) delete headers['Content-Length'];
  response.sendDate = false;
  if (!closes) response.removeHeader('connection');
  response.writeHead(answer.status, reasonOf(answer.status), sorted(headers));
  if (isWhole) {
    response.end(body);
    return;
  }
  await sendPieces(response, request, body, platform);
}

async function sendPieces(
  response: ServerResponse,
  { signal }: Request,
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  platform: AnswerPlatform,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (signal.aborted) return;
      if (piece.length > 0 && !response.write(piece)) await once(response, 'drain', { signal });
    }
    response.end();
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Refusal) response.socket?.write(unframed(refusalAnswer(error), platform));
    else response.destroy(error instanceof Error ? error : undefined);
  }
}

/** An answer as bytes, for a place where there is no frame for it any more. */
function unframed({ status, headers, body }: Answer, platform: AnswerPlatform): string {
  const all = {
    ...headers,
    ...frameHeaders(platform, false),
    'Content-Length': String(Buffer.byteLength(String(body))),
  };
  const lines = pairs(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${lines.join('')}\r\n${String(body)}`;
}

function frameHeaders({ now, random }: AnswerPlatform, untracked: boolean): Record<string, string> {
  const headers = { Date: new Date(now()).toUTCString(), Server: SERVER };
  if (untracked) return headers;
  const id = Array.from({ length: 10 }, () => Math.floor(random() * 16).toString(16)).join('');
  return { ...headers, 'X-Couch-Request-ID': id, 'X-CouchDB-Body-Time': '0' };
}

/** Header lines as Node takes them, in CouchDB's order: that of the lower-case names. */
function sorted(headers: AnswerHeaders): string[] {
  return pairs(headers).flat();
}

function pairs(headers: AnswerHeaders): [name: string, value: string][] {
  return Object.entries(headers)
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((line): [string, string] => [name, line]),
    );
}

/** CouchDB's words for statuses, where they are not the usual ones. */
function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Object Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
