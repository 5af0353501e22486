import type { RawExchange } from './raw-exchange.ts';
import type { Ending, Exchange, Header } from './recording.ts';

/** An answer as it came, or as it was recorded. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly Header[];
  readonly framing: string;
  readonly chunks: readonly Buffer[];
  readonly end: Ending;
  readonly intrusion: Buffer | undefined;
}

/** The recorded answer. */
export function recordedAnswer({ response }: Exchange): Answer {
  return { ...response, chunks: response.chunks.map(({ bytes }) => bytes) };
}

/** Reads an answer to its end; one that the recorder did not read to the end, as far as the recorder did. */
export async function readAnswer(raw: RawExchange, exchange: Exchange): Promise<Answer> {
  const head = await raw.head();
  const { chunks: recorded, end, intrusion: expected } = recordedAnswer(exchange);
  const wanted = end === 'cut-by-client' && expected === undefined ? gatherRows(recorded).length : undefined;
  const chunks: Buffer[] = [];
  while (gatherRows(chunks).length !== wanted) {
    const chunk = await raw.next();
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  const intrusion = raw.intruded ? await raw.intrusion(expected?.length ?? 0) : undefined;
  return { ...head, chunks, end: raw.end, intrusion };
}

/** How long the body is. */
export function lengthOf({ chunks }: Answer): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/**
 * An answer as one text, a line for each header and chunk.
 *
 * @param length how long the body is, of a `HEAD` the body that is not sent: so long has `Content-Length` to be, and is
 * then not compared any further, since what servers make up may be of different lengths
 */
export function describeAnswer(
  { status, statusText, headers, framing, chunks, end, intrusion }: Answer,
  length: number,
): string {
  return [
    `${status} ${statusText}`,
    ...headers.map(([name, value]) => {
      return name === 'Content-Length' && Number(value) === length ? `${name}: as the body` : `${name}: ${value}`;
    }),
    `[${framing}]`,
    ...gatherRows(chunks).map(readable),
    ...(intrusion === undefined ? [] : ['[intrusion]', readable(intrusion)]),
    `[${end}]`,
  ].join('\n');
}

/**
 * Chunks as they are, but rows of a feed that follow each other as one: how many of them fit into a chunk depends on how
 * long the server's sequences are.
 */
function gatherRows(chunks: readonly Buffer[]): Buffer[] {
  const gathered: Buffer[] = [];
  let last: Buffer | undefined;
  for (const chunk of chunks) {
    if (last !== undefined && beginsWithRow(last) && beginsWithRow(chunk)) {
      gathered.push(Buffer.concat([gathered.pop() ?? Buffer.alloc(0), chunk]));
    } else gathered.push(chunk);
    last = chunk;
  }
  return gathered;
}

function beginsWithRow(chunk: Buffer): boolean {
  return /^(,\r\n|data: )?\{"seq":/.test(chunk.toString('latin1', 0, 20));
}

/** UTF-8 as text, anything else byte by byte; each chunk ends with a mark. */
function readable(chunk: Buffer): string {
  const text = chunk.toString();
  return `${Buffer.from(text).equals(chunk) ? text : chunk.toString('latin1')}␄`;
}
