import type { ChooseShard } from '../../../demo/server/changes-pass.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { platform } from '../../../src/core/platform.ts';
import { Correspondence } from './correspondence.ts';
import { BEFORE, DURING, type Happening, type Scene } from './happenings.ts';
import { interleaveLike, SHARDS } from './interleaving.ts';
import { RawExchange } from './raw-exchange.ts';
import { bodyOf, type Ending, type Exchange, type Header, headerOf, type RecordedRequest } from './recording.ts';
import { ADMINS, buildState, USERS } from './state.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a recorded exchange and its replay came to, as texts that are to be the same. */
export interface Outcome {
  readonly recorded: string;
  readonly replayed: string;
}

/** An answer as it came. */
interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly Header[];
  readonly framing: string;
  readonly chunks: readonly Buffer[];
  readonly end: Ending;
  readonly intrusion: Buffer | undefined;
}

/**
 * Plays recorded exchanges against a demo server, one after the other as they were recorded: the clock shows the recorded
 * times, the shards take turns as they did, and what happened meanwhile happens again.
 */
export class Replay implements AsyncDisposable {
  readonly #server: CouchServer;
  readonly #clock: VirtualClock;
  readonly #turns: { choose: ChooseShard };
  readonly #correspondence = new Correspondence();

  private constructor(server: CouchServer, clock: VirtualClock, turns: { choose: ChooseShard }) {
    this.#server = server;
    this.#clock = clock;
    this.#turns = turns;
  }

  /** Starts a server in the state in which the recording began. */
  static async start(exchanges: readonly Exchange[]): Promise<Replay> {
    const [first] = exchanges;
    const binary = exchanges.find(({ name }) => name === 'att-binary');
    if (first === undefined || binary === undefined) throw new Error('The recordings lack att-binary');
    const clock = new VirtualClock(dateOf(first));
    const turns = { choose: interleaveLike(first) };
    const server = await startServer({
      admins: ADMINS,
      users: USERS,
      q: SHARDS,
      platform: platform(clock.platform),
      interleave: () => (candidates) => turns.choose(candidates),
    });
    await buildState(server, bodyOf(binary.response));
    return new Replay(server, clock, turns);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }

  /** Does what was done before an exchange, without the exchange itself. */
  async prepare({ name }: Exchange): Promise<void> {
    await BEFORE[name]?.(this.#scene);
  }

  /** Plays one exchange. */
  async play(exchange: Exchange): Promise<Outcome> {
    await this.prepare(exchange);
    this.#clock.set(dateOf(exchange));
    this.#turns.choose = interleaveLike(exchange);
    await using raw = RawExchange.open(this.#server.port, this.#translate(exchange.request));
    const reading = readAnswer(raw, exchange);
    await this.#passTime(exchange, reading);
    const answer = await reading;
    const { chunks, ...rest } = exchange.response;
    const recorded = describeAnswer({ ...rest, chunks: chunks.map(({ bytes }) => bytes) });
    return {
      recorded: this.#correspondence.canonical(recorded),
      replayed: this.#correspondence.translate(describeAnswer(answer), recorded),
    };
  }

  get #scene(): Scene {
    return { server: this.#server, correspondence: this.#correspondence };
  }

  #translate(request: RecordedRequest): RecordedRequest {
    const headers = request.headers.map(([name, value]): Header => {
      return [name, this.#correspondence.request(`${name}: ${value}`).slice(name.length + 2)];
    });
    return { ...request, path: this.#correspondence.request(request.path), headers };
  }

  /** Moves the clock on as far as the exchange took, and lets happen what happened. */
  async #passTime({ name, response }: Exchange, reading: Promise<unknown>): Promise<void> {
    const start = this.#clock.now;
    const arrivals: Happening[] = response.chunks.map(({ afterMs }) => ({ at: afterMs, happen: () => {} }));
    const moments = [...arrivals, ...(DURING[name] ?? [])].sort((a, b) => a.at - b.at);
    const over = reading.then(() => true);
    for (const { at, happen } of moments) {
      // A feed that is over never sleeps again.
      if (await Promise.race([over, this.#clock.asleep()])) return;
      await this.#clock.advanceTo(start + at);
      await happen(this.#scene);
    }
  }
}

/** When a recorded answer began, in milliseconds since 1970. */
function dateOf({ response }: Exchange): number {
  return Date.parse(headerOf(response.headers, 'Date') ?? '');
}

/** Reads an answer to its end; one that the recorder did not read to the end, as far as the recorder did. */
async function readAnswer(raw: RawExchange, { response }: Exchange): Promise<Answer> {
  const head = await raw.head();
  const wanted = response.end === 'cut-by-client' ? gatherRows(response.chunks.map(({ bytes }) => bytes)).length : -1;
  const chunks: Buffer[] = [];
  while (gatherRows(chunks).length !== wanted || response.intrusion !== undefined) {
    const chunk = await raw.next();
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  const intrusion = raw.intruded ? await raw.intrusion(response.intrusion?.length ?? 0) : undefined;
  return { ...head, chunks, end: raw.end, intrusion };
}

/** An answer as one text, a line for each header and chunk. */
function describeAnswer({ status, statusText, headers, framing, chunks, end, intrusion }: Answer): string {
  return [
    `${status} ${statusText}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
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
