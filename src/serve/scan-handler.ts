import { InputError, isInputError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-value.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { ScanCounts, ScanEvent } from '../scan/events.ts';
import { checkRules, find } from '../scan/find/find.ts';
import type { ScanBudget } from '../scan/pass/budget.ts';
import type { ScanPlugin } from '../scan/plugin.ts';
import { scan } from '../scan/scan.ts';
import type { Scannable } from '../scan/source/open-source.ts';
import { eventStream } from './event-stream.ts';
import { Refusal, refusalOf } from './refusal.ts';
import { requestObject } from './request-body.ts';
import { SignedTexts } from './signed-text.ts';

/** What a handler of scans is made of. */
export interface ScanHandlerOptions {
  /** What may be scanned, by the names that requests use. A request never brings a url. */
  readonly sources: Readonly<Record<string, Scannable | (() => Scannable | Promise<Scannable>)>>;
  /** What may be scanned with. A request names some of them, or means all. */
  readonly plugins?: readonly ScanPlugin[];
  /** Whether requests may bring patterns of their own, which run in linear time. Default false. */
  readonly patterns?: boolean;
  /** Whether a request may be answered; every one is asked. */
  readonly authorize: (request: Request, source: string) => boolean | Promise<boolean>;
  /** Signs the tokens by which a scan goes on: the same wherever requests of one scan may arrive, and known to nobody else. */
  readonly secret: string;
  /** How much one request may take. Default 20 seconds, 10,000 documents, 40 requests. */
  readonly budget?: ScanBudget;
  /** How long a client is asked to wait between two slices, in milliseconds. Default 0. */
  readonly retryAfter?: number;
  /** How long a token can be used, in milliseconds. Default an hour. */
  readonly tokenLifetime?: number;
  /** Scans at the same time; one more is refused for the moment. Default 4. */
  readonly concurrency?: number;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** The last event of an answer that is not the last one, with what it came to: the scan goes on with a request that brings the token. */
export interface ScanSlice extends ScanCounts {
  readonly type: 'slice';
  readonly token: string;
  /** How long to wait before, in milliseconds. */
  readonly retryAfter: number;
}

/** What a request wants, as its token carries it on. */
interface Wanted {
  readonly source: string;
  readonly plugins?: readonly string[] | undefined;
  readonly find?: Readonly<Record<string, string>> | undefined;
}

interface Continued extends Wanted {
  readonly since: string;
  readonly until: number;
}

const BUDGET: ScanBudget = { ms: 20_000, documents: 10_000, requests: 40 };

/** Bytes of a request's body at the most: tokens grow with the number of databases. */
const LARGEST_BODY = 1_048_576;

/** Patterns of a request at the most, and characters of each. */
const MOST_PATTERNS = 100;
const LONGEST_PATTERN = 1000;

/**
 * A handler of requests, as `fetch` handlers of Workers, `Deno.serve`, `Bun.serve` and servers of Node.js are: it scans what the operator
 * has named, within a budget, and answers with server-sent events, each a {@link ScanEvent} as JSON. The last one is the summary or,
 * where the budget is spent, a {@link ScanSlice}, whose token the next request brings. `watchScan` does all that.
 *
 * `GET ?source=name&plugins=find,conflicts` begins, `POST` of `{ "source", "plugins", "find": { tag: pattern } }` does too, and `POST`
 * of `{ "token" }` goes on. What is refused is answered in JSON: 400 for what cannot be understood, 401 without authorisation,
 * 404 for an unknown source, 405, 413, and 503 with `Retry-After` where too many scans are under way.
 *
 * @throws InputError for options that cannot be used
 *
 * @example
 * ```ts
 * const handle = scanHandler({
 *   sources: { recipes: () => couch.db('http://127.0.0.1:5984/recipes') },
 *   plugins: [conflicts()],
 *   authorize: (request) => request.headers.get('authorization') === 'Bearer of bad news',
 *   secret: 'known to nobody else',
 * });
 * const answer = await handle(new Request('http://127.0.0.1/scan?source=recipes'));
 * answer.status; // 401
 * ```
 */
export function scanHandler(options: ScanHandlerOptions): (request: Request) => Promise<Response> {
  if (typeof options.authorize !== 'function') {
    throw new InputError('Option authorize must be a function that says who may scan; () => true means everybody');
  }
  if (typeof options.secret !== 'string' || options.secret === '') {
    throw new InputError('Option secret must be a text that nobody else knows: it signs tokens');
  }
  const handler = new ScanHandler(options);
  return (request) => handler.handle(request).catch(refusalOf);
}

class ScanHandler {
  readonly #options: ScanHandlerOptions;
  readonly #tokens: SignedTexts;
  readonly #platform: Platform;
  #underway = 0;

  constructor(options: ScanHandlerOptions) {
    this.#options = options;
    this.#tokens = new SignedTexts(options.secret);
    this.#platform = platform(options.platform);
  }

  async handle(request: Request): Promise<Response> {
    const { authorize, sources, concurrency = 4 } = this.#options;
    if (request.method !== 'GET' && request.method !== 'POST') {
      throw new Refusal(405, 'method_not_allowed', 'Only GET and POST are answered');
    }
    const wanted = await this.#wanted(request);
    // Nobody learns what there is who may not have it.
    if (!(await authorize(request, wanted.source))) throw new Refusal(401, 'unauthorized', 'This needs authorisation');
    const source = Object.hasOwn(sources, wanted.source) ? sources[wanted.source] : undefined;
    if (source === undefined)
      throw new Refusal(404, 'not_found', `There is no source ${JSON.stringify(wanted.source)}`);
    const plugins = await this.#plugins(wanted);
    if (this.#underway >= concurrency) throw new Refusal(503, 'busy', 'Too many scans are under way; ask again', 5);
    this.#underway += 1;
    const { signal } = request;
    const open = (ending: AbortSignal): AsyncIterable<readonly object[]> =>
      this.#slice(source, plugins, wanted, ending);
    return eventStream(open, failureOf, this.#platform, signal, () => {
      this.#underway -= 1;
    });
  }

  async *#slice(
    source: NonNullable<ScanHandlerOptions['sources'][string]>,
    plugins: readonly ScanPlugin[],
    wanted: Wanted | Continued,
    signal: AbortSignal,
  ): AsyncGenerator<readonly object[], void, undefined> {
    const { budget = BUDGET, retryAfter = 0, tokenLifetime = 3_600_000 } = this.#options;
    const opened = typeof source === 'function' ? await source() : source;
    const since = 'since' in wanted ? { since: wanted.since } : {};
    for await (const events of scan(opened, plugins, { budget, signal, ...since }).batches()) {
      const told: object[] = [];
      for (const event of events) {
        if (event.type !== 'summary' || !isUnfinished(event)) {
          told.push(shown(event));
          continue;
        }
        const until = this.#platform.now() + tokenLifetime;
        const { source: name, plugins: names, find: patterns } = wanted;
        const continued = { source: name, plugins: names, find: patterns, since: event.token ?? '', until };
        const token = await this.#tokens.sign(JSON.stringify(continued));
        told.push({ ...countsOf(event), type: 'slice', token, retryAfter } satisfies ScanSlice);
      }
      yield told;
    }
  }

  async #wanted(request: Request): Promise<Wanted | Continued> {
    const { searchParams } = new URL(request.url);
    const body = request.method === 'POST' ? await requestObject(request, LARGEST_BODY) : {};
    const unknown = Object.keys(body).find((name) => !['source', 'plugins', 'find', 'token'].includes(name));
    if (unknown !== undefined)
      throw new Refusal(400, 'bad_request', `There is no ${JSON.stringify(unknown)} in a request`);
    const token = body['token'] ?? searchParams.get('token');
    const source = body['source'] ?? searchParams.get('source');
    if (token !== undefined && token !== null) return this.#continued(token, source);
    if (typeof source !== 'string' || source === '') {
      throw new Refusal(400, 'bad_request', 'Say what to scan: source=name');
    }
    const plugins = body['plugins'] ?? searchParams.get('plugins')?.split(',');
    if (plugins !== undefined && !isTexts(plugins)) {
      throw new Refusal(400, 'bad_request', 'The plugins must be a list of names');
    }
    return { source, plugins, find: this.#patterns(body['find']) };
  }

  async #continued(token: unknown, source: unknown): Promise<Continued> {
    const text = typeof token === 'string' ? await this.#tokens.read(token) : undefined;
    const continued = text === undefined ? undefined : (JSON.parse(text) as Continued);
    const isOfAnother = typeof source === 'string' && continued?.source !== source;
    if (continued === undefined || isOfAnother || continued.until < this.#platform.now()) {
      throw new Refusal(400, 'bad_token', 'The token is not one of this scan, or too old: begin again without it');
    }
    return continued;
  }

  #patterns(find: unknown): Wanted['find'] {
    if (find === undefined) return undefined;
    if (!this.#options.patterns) throw new Refusal(400, 'bad_request', 'Patterns of your own are not taken here');
    if (!isJsonObject(find) || !isTexts(Object.values(find))) {
      throw new Refusal(400, 'bad_request', 'The patterns to find must be texts by their tags');
    }
    const patterns = Object.values(find) as string[];
    if (patterns.length > MOST_PATTERNS || patterns.some(({ length }) => length > LONGEST_PATTERN)) {
      throw new Refusal(
        400,
        'bad_request',
        `No more than ${MOST_PATTERNS} patterns of ${LONGEST_PATTERN} characters are taken`,
      );
    }
    return find as Readonly<Record<string, string>>;
  }

  async #plugins({ plugins: names, find: patterns }: Wanted): Promise<ScanPlugin[]> {
    const { plugins = [] } = this.#options;
    const chosen = plugins.filter(({ name }) => names?.includes(name) ?? patterns === undefined);
    const missing = names?.find((name) => !plugins.some((plugin) => plugin.name === name));
    if (missing !== undefined) throw new Refusal(400, 'bad_request', `There is no plugin ${JSON.stringify(missing)}`);
    if (patterns === undefined) return some(chosen);
    try {
      await checkRules(patterns);
    } catch (error) {
      throw isInputError(error) ? new Refusal(400, 'bad_pattern', error.message) : error;
    }
    return some([...chosen.filter(({ name }) => name !== 'find'), find(patterns)]);
  }
}

function some(plugins: ScanPlugin[]): ScanPlugin[] {
  if (plugins.length === 0) throw new Refusal(400, 'bad_request', 'There is nothing to scan with: name plugins');
  return plugins;
}

/** Whether a later request can go on with what this one has left. */
function isUnfinished({ plugins }: Extract<ScanEvent, { type: 'summary' }>): boolean {
  return Object.values(plugins).some(({ state }) => state === 'unfinished');
}

function countsOf(event: Extract<ScanEvent, { type: 'summary' }>): ScanCounts {
  const { databases, designDocs, documents, bodies, findings, failures } = event;
  return { databases, designDocs, documents, bodies, findings, failures };
}

/** An event as clients have it: errors by their message, and no token that is not signed. */
function shown(event: ScanEvent): object {
  if (event.type === 'failure') {
    const { error: _, ...failure } = event;
    return failure;
  }
  if (event.type !== 'summary') return event;
  const { token: _, ...summary } = event;
  return summary;
}

/** What a client is told when a scan breaks off: that it did, and nothing of why that it could use. */
function failureOf(): object {
  return { type: 'error', message: 'The scan broke off; go on from the last token' };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
