import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One request to a CouchDB 3.4.3 and the answer to it, byte for byte. */
export interface Exchange {
  readonly name: string;
  /** What it shows. */
  readonly why: string;
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
}

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

export interface RecordedResponse {
  readonly status: number;
  readonly statusText: string;
  /** In the order sent. */
  readonly headers: readonly Header[];
  readonly framing: 'chunked' | 'length' | 'none';
  /** HTTP chunks where the framing is `chunked`, else the whole body as one. */
  readonly chunks: readonly Chunk[];
  readonly end: Ending;
  /** What came where the size of an HTTP chunk was due. */
  readonly intrusion: Buffer | undefined;
}

export type Header = readonly [name: string, value: string];

export interface Chunk {
  /** Milliseconds since the request was sent. */
  readonly afterMs: number;
  readonly bytes: Buffer;
}

/** How an answer ended: as it should, because the recorder hung up, or because the server did. */
export type Ending = 'complete' | 'cut-by-client' | 'closed-by-server-early';

/** All recorded exchanges, in the order in which they were recorded. */
export function readRecordings(): readonly Exchange[] {
  const file = readFileSync(new URL('../../oracle/wire.ndjson.gz', import.meta.url));
  const lines = gunzipSync(file).toString().trimEnd().split('\n');
  return lines.map((line) => readExchange(JSON.parse(line)));
}

/** The whole body of an answer. */
export function bodyOf({ chunks }: RecordedResponse): Buffer {
  return Buffer.concat(chunks.map(({ bytes }) => bytes));
}

/** The value of a header. */
export function headerOf(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}

/** How the file spells an exchange. */
interface Spelled {
  readonly name: string;
  readonly why: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Header[];
    readonly body: string | null;
    readonly bodyEncoding?: 'base64';
  };
  readonly response: {
    readonly status: number;
    readonly statusText: string;
    readonly headers: Header[];
    readonly framing: RecordedResponse['framing'];
    readonly chunks: { readonly afterMs: number; readonly base64: string }[];
    readonly end: Ending;
    readonly notChunkFramed?: string;
  };
}

function readExchange({ name, why, request, response }: Spelled): Exchange {
  const { notChunkFramed: intrusion, ...rest } = response;
  const chunks = response.chunks.map(({ afterMs, base64 }) => ({ afterMs, bytes: Buffer.from(base64, 'base64') }));
  return {
    name,
    why,
    request: { ...request, body: Buffer.from(request.body ?? '', request.bodyEncoding ?? 'utf8') },
    response: {
      ...rest,
      chunks: response.framing === 'chunked' ? chunks : joined(chunks),
      intrusion: intrusion === undefined ? undefined : Buffer.from(intrusion, 'base64'),
    },
  };
}

/** Without HTTP chunks, where one read ended says nothing. */
function joined(chunks: readonly Chunk[]): Chunk[] {
  const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  return bytes.length === 0 ? [] : [{ afterMs: chunks[0]?.afterMs ?? 0, bytes }];
}
