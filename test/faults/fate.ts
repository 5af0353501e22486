import type { Chance } from './chance.ts';

/** What requests are for, as far as a fate depends on it. */
export type RequestKind = 'info' | 'changes' | 'live' | 'revisions' | 'session' | 'document';

/** What becomes of one answer. Where a place in a body is named, it is so many bytes from its beginning. */
export type Fate =
  /** It passes as it is. */
  | { readonly type: 'pass' }
  /** The connection is torn before there is any answer, or in the middle of its head. */
  | { readonly type: 'reset'; readonly head: string }
  /** Something else is answered, and the server is not asked. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** Nothing more comes after this place; from a body that ends before, no sign of its end. */
  | { readonly type: 'stall'; readonly at: number }
  /** The connection is torn at this place, or at the end of the body, before the sign of it. */
  | { readonly type: 'cut'; readonly at: number }
  /** The body ends here, in good order. */
  | { readonly type: 'truncate'; readonly at: number }
  /** A proxy's page begins here, in the middle of the body. */
  | { readonly type: 'garble'; readonly at: number }
  /** Rows of a changes feed are told twice, those between two sequences in another order. */
  | { readonly type: 'rows' };

/** Which fates there can be. */
export interface FateOptions {
  /** The share of requests that do not pass; at least half of those for feeds. */
  readonly rate: number;
  /** Whether a request may be told that its session is over. */
  readonly sessionsEnd: boolean;
  /** The wall clock of who asks, in milliseconds since 1970. */
  readonly now: () => number;
}

const PASS: Fate = { type: 'pass' };
const PAGE = '<!DOCTYPE html>\n<html><body>Sign in to the network of this hotel</body></html>\n';
const NO_SHARDS = '{"error":"internal_server_error","reason":"No DB shards could be opened."}';
const EXPIRED = '{"error":"unauthorized","reason":"You are not authorized to access this db."}';

/** Decides by chance what becomes of a request. */
export function fateOf(kind: RequestKind, chance: Chance, options: FateOptions): Fate {
  const isFeed = kind === 'changes' || kind === 'live';
  // There are few requests for feeds, and most that can go wrong goes wrong with them.
  const isSpoiled = chance.next() < (isFeed ? Math.max(options.rate, 0.5) : options.rate);
  const type = chance.between(0, isFeed ? 11 : 8);
  const at = place(chance);
  if (!isSpoiled) return PASS;
  switch (type) {
    case 0:
      return { type: 'reset', head: 'HTTP/1.1 200 OK\r\nContent-Ty'.slice(0, chance.between(0, 26)) };
    case 1:
    case 2:
      return refusal(kind, chance, options);
    case 3:
      return { type: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: PAGE };
    case 4:
      return { type: 'stall', at: chance.oneOf([0, at]) };
    case 5:
      return { type: 'cut', at };
    case 6:
    case 7:
      return { type: 'truncate', at };
    case 8:
      return { type: 'garble', at };
    default:
      return { type: 'rows' };
  }
}

/** What a fate puts into the middle of a body. The line break is what no JSON string may hold: inside of one, a page could not be told from data. */
export const GARBAGE = `\n${PAGE}`;

/** Half of the places are somewhere in a body of the usual size; the others as likely among the first ten bytes as beyond the ten thousandth. */
function place(chance: Chance): number {
  return chance.next() < 0.5 ? chance.between(0, 8000) : Math.floor(2 ** (chance.next() * 17)) - 1;
}

function refusal(kind: RequestKind, chance: Chance, { sessionsEnd, now }: FateOptions): Fate {
  const json = { 'content-type': 'application/json' };
  if (sessionsEnd && kind !== 'session' && chance.next() < 0.5) {
    return { type: 'answer', status: 401, headers: json, body: EXPIRED };
  }
  const status = chance.oneOf([429, 429, 500, 502, 503, 504]);
  const seconds = chance.between(0, 90);
  const asked = chance.oneOf(['', `${seconds}`, new Date(now() + seconds * 1000).toUTCString()]);
  const isOwn = status === 500 || chance.next() < 0.5;
  return {
    type: 'answer',
    status,
    headers: {
      ...(isOwn ? json : { 'content-type': 'text/html' }),
      ...(asked === '' ? {} : { 'retry-after': asked }),
    },
    body: isOwn ? NO_SHARDS : PAGE,
  };
}
