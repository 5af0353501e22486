import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Chance } from './chance.ts';
import { type Fate, type FateOptions, fateOf, type RequestKind } from './fate.ts';
import type { ToldRows } from './feed-rows.ts';
import { passOn } from './pass-on.ts';

/** What a proxy does to those who go through it. */
export interface ChaosOptions extends FateOptions {
  readonly seed: number;
  /** When so many requests have not passed as they were, all others pass. */
  readonly most: number;
  /** Whether rows come again that earlier answers have told, or only those of the same answer. */
  readonly remembers: boolean;
  /** Whether it refuses all requests to `_bulk_get`, as some gateways do. */
  readonly lacksBulkGet: boolean;
}

/** Stands before a server and spoils what passes, by chance. */
export interface ChaosProxy {
  /** As the server's own, but for host and port. */
  readonly url: string;
  /** What came and what became of it, a line for each request. */
  readonly story: readonly string[];
  /** How many requests did not pass as they were. */
  readonly spoiled: number;
  /** Counts everything that moves. */
  readonly moves: number;
  /** Whether an answer is on its way that comes by itself. */
  readonly isBusy: boolean;
  /** Resolves when so many more requests have come. */
  more(requests: number): Promise<void>;
  /** From now on everything passes as it is. */
  calm(): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy before the server of a url; credentials and path of the url are kept.
 *
 * What becomes of the first, second, third request of a kind is the same for the same seed, however the kinds mix: so a run
 * can be repeated although its requests overtake each other.
 */
export async function startChaosProxy(url: string, options: ChaosOptions): Promise<ChaosProxy> {
  const proxy = new SpoilingProxy(url, options);
  await proxy.listen();
  return proxy;
}

const KINDS: readonly RequestKind[] = ['info', 'changes', 'live', 'revisions', 'session', 'document'];

class SpoilingProxy implements ChaosProxy {
  readonly story: string[] = [];
  spoiled = 0;
  moves = 0;
  readonly #upstream: URL;
  readonly #options: ChaosOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #chances: ReadonlyMap<RequestKind, Chance>;
  readonly #told: ToldRows = new Map();
  readonly #waiting = new Set<{ readonly at: number; readonly resolve: () => void }>();
  readonly #busy = new Set<ServerResponse>();
  #isCalm = false;

  constructor(url: string, options: ChaosOptions) {
    this.#upstream = new URL(url);
    this.#options = options;
    this.#chances = new Map(KINDS.map((kind, index) => [kind, new Chance(options.seed * KINDS.length + index)]));
  }

  async listen(): Promise<void> {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.setNoDelay());
      // A reset is followed by the end, which is all that matters.
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.moves += 1;
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    const own = new URL(this.#upstream);
    own.hostname = '127.0.0.1';
    own.port = `${(this.#server.address() as AddressInfo).port}`;
    return own.href.replace(/\/$/, '');
  }

  get isBusy(): boolean {
    return this.#busy.size > 0;
  }

  more(requests: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.add({ at: this.story.length + requests, resolve }));
  }

  calm(): void {
    this.#isCalm = true;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path = '/' } = request;
    const kind = kindOf(path);
    const { fate, chance } = this.#decide(kind);
    this.story.push(`${method} ${path}: ${JSON.stringify(fate)}`);
    for (const { at, resolve } of this.#waiting) if (at <= this.story.length) resolve();
    this.moves += 1;
    this.#busy.add(response);
    response.once('close', () => this.#busy.delete(response));
    try {
      await passOn(request, response, {
        fate,
        chance,
        upstream: this.#upstream,
        agent: this.#agent,
        isPiecemeal: !this.#isCalm && chance.next() < 0.3,
        told: this.#options.remembers ? this.#told : new Map(),
        onMove: () => {
          this.moves += 1;
        },
        // What a live feed tells next may be long in coming, and nothing comes after silence.
        onWait: () => this.#busy.delete(response),
      });
    } catch (error) {
      // Who has hung up wants no more; everything else is told in the story.
      if (!response.destroyed) this.story.push(`The proxy failed: ${String(error)}`);
      response.destroy();
    }
  }

  #decide(kind: RequestKind): { readonly fate: Fate; readonly chance: Chance } {
    const chance = new Chance((this.#chances.get(kind)?.next() ?? 0) * 2 ** 32);
    const isOver = this.#isCalm || this.spoiled >= this.#options.most;
    const fate = isOver ? ({ type: 'pass' } as const) : fateOf(kind, chance, this.#options);
    if (fate.type !== 'pass') this.spoiled += 1;
    else if (this.#options.lacksBulkGet && kind === 'revisions') return { fate: NO_BULK_GET, chance };
    return { fate, chance };
  }
}

const NO_BULK_GET: Fate = {
  type: 'answer',
  status: 405,
  headers: { 'content-type': 'text/html' },
  body: '<html>This gateway only lets reading requests pass</html>',
};

/** What a request is for, by its path. */
function kindOf(path: string): RequestKind {
  if (/^[^?]*\/_changes\?/.test(path)) return /[?&]feed=/.test(path) ? 'live' : 'changes';
  if (/^[^?]*\/_bulk_get\?/.test(path)) return 'revisions';
  if (path.endsWith('/_session')) return 'session';
  return path.includes('?') ? 'document' : 'info';
}
