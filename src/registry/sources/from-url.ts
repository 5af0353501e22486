import { childController } from '../../core/abort.ts';
import { InputError, isCouchtideError, NetworkError, ProtocolError } from '../../core/errors.ts';
import { type Platform, platform } from '../../core/platform.ts';
import type { DataSource } from '../data/contribution.ts';
import type { EntryKey } from '../data/entry.ts';
import { type EntryList, parseEntries } from './entry-list.ts';
import { poll } from './poll.ts';

/** Options of {@link fromUrl}. */
export interface FromUrlOptions<K extends EntryKey, V> {
  /** Milliseconds from one answer to the next request. By default it is asked once, and again when the registry is told to reload. */
  readonly every?: number;
  /** Makes entries of the text. Default: a JSON object of entries, or a list of `[key, value]`. */
  readonly parse?: (text: string) => EntryList<K, V>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until an answer must be there, whole. Default 30,000. */
  readonly timeout?: number;
  /** The longest text that is taken, in bytes. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Clock and network of another kind, for tests. */
  readonly platform?: Partial<Pick<Platform, 'fetch' | 'sleep'>>;
}

/** An answer that was understood, with what the server called it. */
interface Known<K extends EntryKey, V> {
  readonly tag: string;
  readonly list: EntryList<K, V>;
}

/**
 * Data from a url. With `every` it is asked again and again, and a server that gives its answers entity tags need not send what
 * is known already (RFC 9110, section 13.1.2).
 *
 * @throws InputError for what is no url
 *
 * @example
 * ```ts
 * const rules = defineData<string, string>('kitchen/rules');
 * const registry = createRegistry();
 * registry.contribute(rules, fromUrl('https://example.org/rules.json', { every: 60_000 }));
 * ```
 */
export function fromUrl<K extends EntryKey, V>(
  address: string | URL,
  { every, parse = parseEntries, timeout = 30_000, ...options }: FromUrlOptions<K, V> = {},
): DataSource<K, V> {
  const url = parseUrl(address);
  const on = platform(options.platform);
  let known: Known<K, V> | undefined;
  return poll(
    async ({ signal }) => {
      const request = childController(signal);
      const late = new NetworkError(`${nameOf(url)} has not answered within ${timeout} ms`, 'timeout');
      const timer = childController(signal);
      on.sleep(timeout, timer.signal).then(
        () => request.abort(late),
        () => {},
      );
      try {
        known = await ask(url, known, { ...options, fetch: on.fetch, parse, signal: request.signal });
        return known.list;
      } finally {
        timer.abort();
        timer.release();
        request.release();
      }
    },
    every,
    { platform: on },
  );
}

interface Request<K extends EntryKey, V> {
  readonly fetch: Platform['fetch'];
  readonly parse: (text: string) => EntryList<K, V>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

async function ask<K extends EntryKey, V>(
  url: URL,
  known: Known<K, V> | undefined,
  { fetch, parse, headers = {}, maxBytes = 16 * 1024 * 1024, signal }: Request<K, V>,
): Promise<Known<K, V>> {
  const tagged = known?.tag === '' ? undefined : known;
  const condition = tagged === undefined ? {} : { 'if-none-match': tagged.tag };
  const response = await orUnreachable(
    fetch(url.href, { headers: { accept: 'application/json', ...headers, ...condition }, signal }),
    url,
    signal,
  );
  if (response.status === 304 && tagged !== undefined) return tagged;
  if (!response.ok) {
    await response.body?.cancel();
    throw new ProtocolError(`${nameOf(url)} answered ${response.status}`, response.status >= 500);
  }
  const text = await orUnreachable(readText(response, maxBytes, url), url, signal);
  return { tag: response.headers.get('etag') ?? '', list: parse(text) };
}

async function readText(response: Response, maxBytes: number, url: URL): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new ProtocolError(
        `${nameOf(url)} answered more than ${maxBytes} bytes; option maxBytes allows more`,
        false,
      );
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function orUnreachable<T>(work: Promise<T>, url: URL, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (isCouchtideError(cause)) throw cause;
    throw new NetworkError(`${nameOf(url)} cannot be reached`, 'unreachable', { cause });
  }
}

function parseUrl(address: string | URL): URL {
  if (!URL.canParse(address)) throw new InputError('Not a url; expected one like https://host/rules.json');
  const url = new URL(address);
  if (url.username === '' && url.password === '') return url;
  throw new InputError(`The url ${nameOf(url)} must not have credentials in it: give them as option headers`);
}

/** A url as it may be shown: without credentials, and without a query, which may hold some too. */
function nameOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
