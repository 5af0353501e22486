import type { Query, Request } from './model.ts';

/** Splits a path at its slashes and decodes each part; empty parts vanish. */
export function decodePath(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map(decodePart);
}

/** Takes a query apart. Of a repeated name, {@link Query.get} gives the first. */
export function parseQuery(text: string): Query {
  const pairs = text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      if (equals === -1) return [decodePart(pair), ''];
      return [decodePart(pair.slice(0, equals)), decodePart(pair.slice(equals + 1))];
    });
  return {
    get: (name) => pairs.find(([known]) => known === name)?.[1],
    [Symbol.iterator]: () => pairs.values(),
  };
}

/** The address of something on this server, as the client knows it. */
export function addressOf({ headers }: Request, ...path: readonly string[]): string {
  return `http://${headers.get('host')}/${path.map(encodePart).join('/')}`;
}

/** Encodes a text as CouchDB does in a `Location`: everything but letters, digits and `_.-:`. */
function encodePart(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

/** Decodes escapes, and `+` as a blank. An escape that is none stays; bytes that are not UTF-8 are replaced. */
export function decodePart(text: string): string {
  const blanks = text.replaceAll('+', ' ');
  if (!blanks.includes('%')) return blanks;
  return blanks.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    const bytes = escapes
      .slice(1)
      .split('%')
      .map((digits) => Number.parseInt(digits, 16));
    return DECODER.decode(Uint8Array.from(bytes));
  });
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
