import { InputError } from '../../core/errors.ts';

/** Where something of CouchDB's stands, taken apart: the url without credentials, and the credentials. */
export interface Address {
  /** Scheme, host, port and path, without a slash at the end. */
  readonly url: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

/**
 * Reads the address of a server or of a database. Credentials in it are taken out, percent-decoded: no `fetch` accepts
 * them in a url, and no message may show them. A base path, as behind a proxy, is kept.
 *
 * @throws InputError when the text is no http or https url, or has a query or a fragment
 */
export function parseAddress(text: string): Address {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new InputError(
      `Not a url: ${JSON.stringify(hideCredentials(text))}; expected one like http://host:5984/database`,
      {
        cause: error instanceof TypeError ? undefined : error,
      },
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InputError(`The url ${JSON.stringify(hideCredentials(text))} must begin with http:// or https://`);
  }
  if (url.search !== '' || url.hash !== '') {
    throw new InputError(`The url ${JSON.stringify(hideCredentials(text))} must not have a query or a fragment`);
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const bare = url.href.replace(/\/+$/, '');
  if (username === '' && password === '') return { url: bare };
  return { url: bare, credentials: { username: percentDecode(username), password: percentDecode(password) } };
}

/** The address of a database: that of its server, and its name as it goes into a path. */
export function parseDatabaseAddress(text: string): Address & { readonly server: string; readonly name: string } {
  const address = parseAddress(text);
  const slash = address.url.lastIndexOf('/');
  const segment = address.url.slice(slash + 1);
  const server = address.url.slice(0, slash);
  if (segment === '' || server.endsWith('/')) {
    throw new InputError(
      `The url ${JSON.stringify(hideCredentials(text))} names no database; expected one like http://host:5984/database`,
    );
  }
  const name = percentDecode(segment);
  return { ...address, url: `${server}/${encodeSegment(name)}`, server, name };
}

/**
 * One segment of a path. Everything special is escaped, `+` too, which CouchDB would read as a space.
 *
 * @throws InputError for what no path can carry: nothing at all, the dot segments (which every client resolves away,
 * however they are escaped), and half of a surrogate pair
 */
export function encodeSegment(name: string): string {
  if (!isPathSegment(name)) throw new InputError(`${JSON.stringify(name)} cannot be part of a url`);
  return encodeURIComponent(name);
}

/** Whether a name can travel as one segment of a path. */
export function isPathSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/\p{Surrogate}/u.test(name);
}

/**
 * A document's id as it goes into a path: the slash of `_design/` and `_local/` stays, every other is escaped.
 *
 * @throws InputError as {@link encodeSegment}
 */
export function encodeDocumentId(id: string): string {
  const special = /^(_design|_local)\/(.+)$/s.exec(id);
  return special === null ? encodeSegment(id) : `${special[1]}/${encodeSegment(special[2] ?? '')}`;
}

/** Whether a url carries credentials of its own. */
export function hasCredentials(url: string): boolean {
  return parseAddress(url).credentials !== undefined;
}

/** A text that may hold a url, fit to be shown: whatever stands before an `@` of the authority is left out. */
export function hideCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/+)?[^/?#]*@/i, '$1');
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign was meant as itself.
    return text;
  }
}
