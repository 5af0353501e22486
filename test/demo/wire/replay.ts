import { gunzipSync } from 'node:zlib';
import { type Compress, gzip } from '../../../demo/server/attachments.ts';
import type { ChooseShard } from '../../../demo/server/changes-pass.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { platform } from '../../../src/core/platform.ts';
import { type Answer, describeAnswer, lengthOf, readAnswer, recordedAnswer } from './answer.ts';
import { Correspondence } from './correspondence.ts';
import { BEFORE, DURING, type Happening, type Scene } from './happenings.ts';
import { interleaveLike, SHARDS } from './interleaving.ts';
import { RawExchange } from './raw-exchange.ts';
import { bodyOf, type Exchange, type Header, headerOf, type RecordedRequest } from './recording.ts';
import { ADMINS, buildState, USERS } from './state.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a recorded exchange and its replay came to, as texts that are to be the same. */
export interface Outcome {
  readonly recorded: string;
  readonly replayed: string;
}

/**
 * Plays recorded exchanges against a demo server, one after the other as they were recorded: the clock shows the recorded
 * times, the shards take turns as they did, and what happened meanwhile happens again.
 */
export class Replay implements AsyncDisposable {
  readonly #server: CouchServer;
  readonly #clock: VirtualClock;
  readonly #turns: { choose: ChooseShard };
  readonly #exchanges: readonly Exchange[];
  readonly #correspondence = new Correspondence();
  #running = true;

  private constructor(
    server: CouchServer,
    clock: VirtualClock,
    turns: { choose: ChooseShard },
    exchanges: readonly Exchange[],
  ) {
    this.#server = server;
    this.#clock = clock;
    this.#turns = turns;
    this.#exchanges = exchanges;
  }

  /** Starts a server in the state in which the recording began. */
  static async start(exchanges: readonly Exchange[]): Promise<Replay> {
    const [first] = exchanges;
    if (first === undefined) throw new Error('Nothing was recorded');
    const clock = new VirtualClock(dateOf(first));
    const turns = { choose: interleaveLike(first) };
    const server = await startServer({
      admins: ADMINS,
      users: USERS,
      q: SHARDS,
      platform: platform(clock.platform),
      compress: compressLike(contentOf(exchanges, 'att-text-gzip')),
      interleave: () => (candidates) => turns.choose(candidates),
    });
    await buildState(server, contentOf(exchanges, 'att-binary'));
    return new Replay(server, clock, turns, exchanges);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** Plays one exchange, after what happened before it. */
  async play(exchange: Exchange): Promise<Outcome> {
    await BEFORE[exchange.name]?.(this.#scene);
    this.#clock.set(dateOf(exchange));
    this.#turns.choose = interleaveLike(exchange);
    const answer = await this.#ask(exchange);
    const response = recordedAnswer(exchange);
    const get = this.#exchanges.find((other) => isGetOf(exchange, other));
    const [servedLength, recordedLength] =
      get === undefined
        ? [lengthOf(answer), lengthOf(response)]
        : [await this.#lengthOf(get), bodyOf(get.response).length];
    const recorded = describeAnswer(response, recordedLength);
    return {
      recorded: this.#correspondence.canonical(recorded),
      replayed: this.#correspondence.translate(describeAnswer(answer, servedLength), recorded),
    };
  }

  async #ask(exchange: Exchange): Promise<Answer> {
    const raw = RawExchange.open(this.#server.port, this.#translate(exchange.request));
    try {
      const reading = readAnswer(raw, exchange);
      await this.#passTime(exchange, reading);
      return await reading;
    } finally {
      await raw[Symbol.asyncDispose]();
      // A feed that was left must have noticed before the clock moves on.
      await this.#clock.allAwake();
    }
  }

  /** How long the body of an answer is to somebody who gets it. */
  async #lengthOf(exchange: Exchange): Promise<number> {
    return lengthOf(await this.#ask(exchange));
  }

  get #scene(): Scene {
    return { server: this.#server, correspondence: this.#correspondence, stop: () => this.#stop() };
  }

  async #stop(): Promise<void> {
    if (this.#running) await this.#server.close();
    this.#running = false;
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
    // Some feeds end without telling anything more.
    const left = response.end === 'complete' || response.intrusion !== undefined ? LONGEST_WAIT : 0;
    await Promise.race([over, this.#clock.asleep()]);
    await this.#clock.advanceTo(this.#clock.now + left);
  }
}

/** CouchDB lets no feed wait any longer, in milliseconds. */
const LONGEST_WAIT = 60_000;

/** Whether an exchange is the `GET` of what another is the `HEAD` of. */
function isGetOf({ request, response }: Exchange, other: Exchange): boolean {
  const isSame = other.request.path === request.path && other.response.status === response.status;
  return isSame && request.method === 'HEAD' && other.request.method === 'GET';
}

/** The content that a recorded answer carries. */
function contentOf(exchanges: readonly Exchange[], name: string): Buffer {
  const exchange = exchanges.find((one) => one.name === name);
  if (exchange === undefined) throw new Error(`No exchange is called ${name}`);
  return bodyOf(exchange.response);
}

/** Compresses as Node does, but the one recorded content for which Node's zlib has other bytes as CouchDB's did. */
function compressLike(recorded: Buffer): Compress {
  const content = gunzipSync(recorded);
  return (bytes) => (content.equals(bytes) ? recorded : gzip(bytes));
}

/** When a recorded answer began, in milliseconds since 1970. */
function dateOf({ response }: Exchange): number {
  return Date.parse(headerOf(response.headers, 'Date') ?? '');
}
