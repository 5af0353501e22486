import { once } from 'node:events';
import {
  type Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestOf,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Chance } from './chance.ts';
import { type Fate, GARBAGE } from './fate.ts';
import { shuffleRows, type ToldRows } from './feed-rows.ts';
import { cutIntoPieces, endAt, insertAt } from './spoiled-bytes.ts';

/** How a request is passed on. */
export interface Passage {
  readonly fate: Fate;
  /** Decides about the details of the fate. */
  readonly chance: Chance;
  /** Where to. */
  readonly upstream: URL;
  readonly agent: Agent;
  /** Whether the body is cut into small pieces. */
  readonly isPiecemeal: boolean;
  /** The rows of feeds that answers have told, which may come again. */
  readonly told: ToldRows;
  /** Told of all that passes. */
  readonly onMove: () => void;
  /** From now on nothing can be expected to pass. */
  readonly onWait: () => void;
}

/**
 * Passes a request on to a server, and its answer back as the fate wants it.
 *
 * @throws Error when one of the sides hangs up
 */
export async function passOn(request: IncomingMessage, response: ServerResponse, passage: Passage): Promise<void> {
  const { fate, onMove, onWait } = passage;
  const body = await buffer(request);
  if (fate.type === 'reset') {
    await tear(response, fate.head);
    return;
  }
  if (fate.type === 'answer') {
    response.writeHead(fate.status, fate.headers).end(fate.body);
    return;
  }
  if (fate.type === 'stall' && fate.at === 0) {
    onWait();
    return;
  }
  const answer = await ask(request, response, body, passage);
  response.writeHead(answer.statusCode ?? 502, headersOf(answer, fate)).flushHeaders();
  for await (const piece of spoil(answer, request.url ?? '', passage)) {
    await written(response, piece);
    onMove();
  }
  if (fate.type === 'cut') await tear(response, '');
  else if (fate.type === 'stall') onWait();
  else response.end();
}

async function ask(
  { method, url: path, headers }: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  { upstream, agent, onWait }: Passage,
): Promise<IncomingMessage> {
  const { hostname, port, host } = upstream;
  const asked = requestOf({ method, path, agent, hostname, port, headers: { ...headers, host } });
  response.once('close', () => asked.destroy());
  asked.end(body);
  if (path?.includes('feed=') === true) onWait();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

/** The pieces of a body as they are passed on. */
function spoil(
  answer: IncomingMessage,
  path: string,
  { fate, chance, told, isPiecemeal }: Passage,
): AsyncIterable<Uint8Array> {
  let pieces: AsyncIterable<Uint8Array> = answer;
  if (fate.type === 'rows') {
    const form = path.includes('feed=continuous') ? 'lines' : 'list';
    pieces = shuffleRows(pieces, { form, chance, told });
  }
  if (fate.type === 'garble') pieces = insertAt(pieces, fate.at, Buffer.from(GARBAGE));
  if (fate.type === 'cut' || fate.type === 'stall' || fate.type === 'truncate') pieces = endAt(pieces, fate.at);
  return isPiecemeal ? cutIntoPieces(pieces, chance) : pieces;
}

/** The headers of an answer. A body that is torn ends before the length in them; one without an end has none, or its last byte would be the end. */
function headersOf({ headers }: IncomingMessage, fate: Fate): OutgoingHttpHeaders {
  const { 'transfer-encoding': _, connection: __, 'content-length': length, ...others } = headers;
  const isUnknown = fate.type === 'rows' || fate.type === 'garble' || fate.type === 'stall';
  if (length === undefined || isUnknown) return others;
  return { ...others, 'content-length': fate.type === 'truncate' ? Math.min(Number(length), fate.at) : length };
}

function written(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

/** Sends some bytes that are no whole answer, and hangs up. */
async function tear(response: ServerResponse, beginning: string): Promise<void> {
  const { socket } = response;
  if (beginning !== '') await new Promise((resolve) => socket?.write(beginning, resolve));
  socket?.destroy();
}
