import type { Exchange } from './recording.ts';

/** An exchange that is replayed, or compared, otherwise than recorded. */
export interface Amendment {
  readonly why: string;
  /** What is replayed instead. */
  readonly exchange?: (exchange: Exchange) => Exchange;
  /** What is compared instead of the texts of the two answers. */
  readonly text?: (text: string) => string;
}

const HASHED = "CouchDB's order of the documents is that of a hash table of Erlang's";

/** What the demo server does as CouchDB does, but for a detail. */
export const AMENDED: Readonly<Record<string, Amendment>> = {
  'root.3.5.0': {
    why: 'The demo server says it is 3.4.3; this was recorded from 3.5.0',
    text: asVersion343,
  },
  'db-info.3.5.0': {
    why: 'The demo server says it is 3.4.3; this was recorded from 3.5.0, on another database',
    text: asVersion343,
  },
  'revs-odd-put': {
    why: 'Generations beyond 2^53 are refused',
    exchange: (exchange) => withoutHuge(exchange, /\{"_id":"oddhuge"[^}]*\},/),
  },
  'revs-odd-get': {
    why: 'Generations beyond 2^53 are refused',
    exchange: (exchange) => withoutHuge(exchange, /\{"id":"oddhuge"(,"docs":\[\{"ok":\{.*?\}\}\}\])?\},/),
  },
  'changes-filter-throws': {
    why: 'The reason goes on with a stack of Erlang functions',
    text: (text) => text.replace(/(?<="reason":"\{<<\\"unnamed_error\\">>,null),[^}].*(?=\}"\}$)/m, ''),
  },
  'revs-diff': { why: HASHED, text: withSortedMembers },
  'revs-diff-duplicate': { why: HASHED, text: withSortedMembers },
};

function asVersion343(text: string): string {
  return text
    .replace('CouchDB/3.5.0', 'CouchDB/3.4.3')
    .replace('"version":"3.5.0","git_sha":"11f0d36"', '"version":"3.4.3","git_sha":"e12b967"')
    .replace(/(?<="uuid":")[0-9a-f]{32}/, '#')
    .replace(/(?<=@)[^ \]]+/g, '#')
    .replace(/(?<="instance_start_time":")\d+/, '#');
}

function withoutHuge(exchange: Exchange, huge: RegExp): Exchange {
  const { request, response } = exchange;
  const remove = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().replace(huge, ''));
  const body = remove(request.body);
  const headers = request.headers.map(
    ([name, value]) => [name, name === 'Content-Length' ? String(body.length) : value] as const,
  );
  const chunks = response.chunks.map((chunk) => ({ ...chunk, bytes: remove(chunk.bytes) }));
  const length = String(chunks.reduce((sum, { bytes }) => sum + bytes.length, 0));
  return {
    ...exchange,
    request: { ...request, headers, body },
    response: {
      ...response,
      headers: response.headers.map(([name, value]) => [name, name === 'Content-Length' ? length : value]),
      chunks,
    },
  };
}

/** Sorts the members of the body, which is one JSON object on a line. */
function withSortedMembers(text: string): string {
  return text.replace(/^\{.*\}$/m, (object) => JSON.stringify(Object.entries(JSON.parse(object)).sort()));
}
