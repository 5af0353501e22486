import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Platform } from '../../src/core/platform.ts';
import { refusalAnswer } from './answers.ts';
import type { Fault } from './faults.ts';
import { type Answer, type AnswerHeaders, type Piece, Refusal } from './model.ts';
import { reasonOf } from './reason.ts';
import { BodyCut, spoil, spoilsBody } from './spoil.ts';

/** Says which server this is. */
const SERVER = 'CouchDB/3.4.3 (Erlang OTP/25)';

/** Where an answer goes. */
export interface Destination {
  readonly response: ServerResponse;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Whether the connection has to be closed after the answer, because the body of the request was not read. */
  readonly closes: boolean;
  readonly platform: Platform;
  /** What goes wrong with the body. */
  readonly fault: Fault | undefined;
}

/** Sends an answer the way CouchDB frames it, as fast as the client takes it. */
export async function sendAnswer(answer: Answer, destination: Destination): Promise<void> {
  const { response, platform, fault = {} } = destination;
  const { status, body } = answer;
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  const closes = destination.closes || status === 413;
  const headers: Record<string, string | readonly string[]> = {
    ...answer.headers,
    ...ownHeaders(platform, answer.untracked ?? false),
    ...(isWhole
      ? { 'Content-Length': String(sizeOf(body) + (fault.lengthBy ?? 0)) }
      : { 'Transfer-Encoding': 'chunked' }),
    ...(closes && { Connection: 'close' }),
  };
  response.sendDate = false;
  // Node adds headers of its own unless they are taken away.
  if (!closes) response.removeHeader('connection');
  response.writeHead(status, reasonOf(status), linesOf(headers).flat());
  if (spoilsBody(fault)) await sendPieces(spoil(body, fault, platform.sleep), destination);
  else if (isWhole) response.end(body);
  else await sendPieces(body, destination);
}

async function sendPieces(
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  { response, signal, platform }: Destination,
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
    else if (error instanceof BodyCut) response.socket?.destroySoon();
    else throw error;
  }
}

/** An answer as text, for a place where there is no frame for it any more. */
function unframed({ status, headers, body }: Answer, platform: Platform): string {
  const text = String(body);
  const all = { ...headers, ...ownHeaders(platform, false), 'Content-Length': String(sizeOf(text)) };
  const lines = linesOf(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${lines.join('')}\r\n${text}`;
}

function ownHeaders({ now, random }: Platform, untracked: boolean): Record<string, string> {
  const headers = { Date: new Date(now()).toUTCString(), Server: SERVER };
  if (untracked) return headers;
  const id = Array.from({ length: 10 }, () => Math.floor(random() * 16).toString(16)).join('');
  return { ...headers, 'X-Couch-Request-ID': id, 'X-CouchDB-Body-Time': '0' };
}

/** The lines of a header in CouchDB's order: that of the lower-case names. */
function linesOf(headers: AnswerHeaders): [name: string, value: string][] {
  return Object.entries(headers)
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((line): [string, string] => [name, headerBytes(line)]),
    );
}

/**
 * A header value as the characters that stand for its UTF-8 bytes. Control characters, which CouchDB would let through and
 * Node does not send, are left out.
 */
function headerBytes(value: string): string {
  return Buffer.from(value).toString('latin1').replaceAll(CONTROLS, '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f]/g;

function sizeOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}
