import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fault, Faults } from './faults.ts';
import { IncomingRequest } from './incoming-request.ts';
import type { Answer } from './model.ts';
import { sendAnswer } from './outgoing-answer.ts';
import type { RequestLog } from './request-log.ts';
import { respond } from './router.ts';
import type { ServerState } from './state.ts';

/** What stands between the sockets and the server: the log, delays and faults. */
export interface Frame {
  readonly state: ServerState;
  readonly requests: RequestLog;
  readonly faults: Faults;
  /** Milliseconds added to every answer. */
  latency: number;
}

/** Makes the HTTP server that lets `respond` answer. */
export function createHttpServer(frame: Frame): Server {
  const server = createServer({ maxHeaderSize: 65_536, keepAliveTimeout: KEEP_ALIVE }, (message, response) => {
    answerMessage(frame, message, response).catch((error: unknown) => {
      frame.state.onError(error);
      response.destroy();
    });
  });
  server.on('connection', (socket) => socket.once('close', frame.requests.connect()));
  server.on('clientError', (_, socket: Duplex) => {
    if (socket.writable) socket.end(badRequestText(frame));
    else socket.destroy();
  });
  return server;
}

/** How long a connection without a request stays open, in milliseconds. */
const KEEP_ALIVE = 300_000;

/** The longest request line that CouchDB's library reads, in bytes. */
const LONGEST_LINE = 8192;

async function answerMessage(frame: Frame, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { state, requests, faults } = frame;
  const { method = 'GET', url = '/', socket } = message;
  const gone = new AbortController();
  const note = requests.begin(method, url);
  const before = socket.bytesWritten;
  response.once('close', () => {
    gone.abort();
    note({ status: response.headersSent ? response.statusCode : undefined, bytes: socket.bytesWritten - before });
  });
  if (method.length + url.length + ' '.length * 2 + 'HTTP/1.1'.length > LONGEST_LINE) {
    socket.end(badRequestText(frame));
    return;
  }
  const fault = faults.take({ method, path: url });
  const wait = frame.latency + (fault?.delay ?? 0);
  if (!(await isStillThere(state, wait, gone.signal)) || fault?.silence) return;
  if (fault?.reset) {
    socket.resetAndDestroy();
    return;
  }
  const request = new IncomingRequest(message, state.config, gone.signal);
  const answer = faultyAnswer(fault) ?? (await respond(state, request));
  if (gone.signal.aborted) return;
  const { platform } = state;
  // The client may say that it will ask nothing more (RFC 9112, section 9.6); it then waits for the end of the connection.
  const closes = request.hasUnreadBody || /\bclose\b/i.test(message.headers.connection ?? '');
  await sendAnswer(answer, { response, signal: gone.signal, closes, platform, fault });
}

/** Waits; gives whether the client did, too. */
async function isStillThere({ platform }: ServerState, wait: number, signal: AbortSignal): Promise<boolean> {
  try {
    if (wait > 0) await platform.sleep(wait, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}

function faultyAnswer(fault: Fault | undefined): Answer | undefined {
  if (fault?.answer === undefined) return undefined;
  const { status, headers = {}, body = '' } = fault.answer;
  return { status, headers, body };
}

/** What the HTTP library below CouchDB says by itself. */
function badRequestText({ state }: Frame): string {
  const date = new Date(state.platform.now()).toUTCString();
  const server = 'MochiWeb/1.0 (Any of you quaids got a smint?)';
  return `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\nDate: ${date}\r\nServer: ${server}\r\n\r\n`;
}
