import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import type { Platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Database } from '../../src/couch/database.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';
import { Chance } from './chance.ts';
import { type ChaosProxy, startChaosProxy } from './chaos-proxy.ts';
import { LeapingTime } from './leaping-time.ts';
import { RandomHistories } from './random-histories.ts';
import { type Scenario, scenarioOf } from './scenario.ts';

/** How to have something cleaned up when a test has finished. */
export type OnFinished = (end: () => Promise<void>) => void;

/** Where a run takes place. */
export interface Ground {
  /** The url of a server, with the credentials of an administrator. */
  readonly url: string;
  /** After so many milliseconds without a sign of this server nothing more is to be expected of it. */
  readonly quiet: number;
}

/**
 * Pulls a database through chaos, by everything that a seed decides: the documents, the way of pulling, what goes wrong, what
 * is edited meanwhile, and when pulls are ended and begun again. Expects that the replica is as its source afterwards.
 *
 * @param onFinished is told how to clean up
 */
export async function pullThroughChaos(seed: number, ground: Ground, onFinished: OnFinished): Promise<void> {
  const chance = new Chance(seed);
  const scenario = scenarioOf(chance);
  const histories = new RandomHistories(chance, { mayDot: !scenario.chaos.lacksBulkGet });
  const source = await createDatabase(ground.url);
  onFinished(() => source.destroy());
  await source.replicate(histories.create(scenario.documents));
  const clock = virtualClock();
  const proxy = await startChaosProxy(ground.url, { ...scenario.chaos, seed, now: clock.platform.now });
  onFinished(() => proxy.close());
  const store = await openStore(scenario.store, onFinished);
  const time = new LeapingTime(clock, proxy, ground.quiet);
  // Chance of its own: how often a pull asks for some depends on what overtakes what.
  const pulling = new Chance(-seed);
  const platform = { ...clock.platform, random: () => pulling.next() };
  const run = new ChaoticPull({ scenario, chance, histories, source, clock, platform, proxy, store, time });
  try {
    await run.run();
  } catch (error) {
    const told = [JSON.stringify(scenario), ...proxy.story].join('\n');
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${told}`, { cause: error });
  }
}

interface Parts {
  readonly scenario: Scenario;
  readonly chance: Chance;
  readonly histories: RandomHistories;
  readonly source: SourceDatabase;
  readonly clock: VirtualClock;
  /** The same clock as pulls see it. */
  readonly platform: Partial<Platform>;
  readonly proxy: ChaosProxy;
  readonly store: () => Promise<Kv>;
  readonly time: LeapingTime;
}

class ChaoticPull {
  readonly #parts: Parts;
  readonly #database: Database;
  readonly #apart: Kv = memoryKv();
  /** Pulls that were begun, and questions whether one is in sync. */
  #beginnings = 0;

  constructor(parts: Parts) {
    const { scenario, source, proxy, platform } = parts;
    const url = new URL(`${proxy.url}/${source.name}`);
    const { username, password } = url;
    this.#parts = parts;
    this.#database = couch.db(url.href, {
      limits: { head: 20_000, body: 20_000 },
      platform,
      ...(scenario.hasSession ? { auth: { session: { username, password } } } : {}),
    });
  }

  async run(): Promise<void> {
    const { scenario, proxy, time } = this.#parts;
    for (let round = 1; round <= scenario.pulls; round += 1) {
      const replica = await this.#open();
      if (round > 1) await this.#edit();
      if (scenario.options.mode === 'continuous') await this.#followFor(replica, round === scenario.pulls);
      else await this.#pullOnce(replica);
    }
    proxy.calm();
    const replica = await this.#open();
    const { state, docsFailed } = await time.until(this.#begin(replica, 'oneshot').done);
    expect({ state, docsFailed, failed: (await replica.info()).failed }).toEqual({
      state: 'completed',
      docsFailed: 0,
      failed: 0,
    });
    await this.#expectFaithful(replica);
    expect(proxy.story.length).toBeLessThanOrEqual(this.#mostRequests());
  }

  /**
   * A request for the revisions of each batch, the pages of the feed for each beginning and for each thing that went wrong, for
   * which two more pay what became of the request itself; and one now and then to see whether the source is still there.
   */
  #mostRequests(): number {
    const { scenario, proxy, histories, clock } = this.#parts;
    const { batchSize = 500, interval = 10_000 } = scenario.options;
    const batches = histories.revisions / (scenario.chaos.lacksBulkGet ? 1 : batchSize);
    const pages = 3 + Math.ceil(batches / 40);
    return (
      batches + pages * (this.#beginnings + proxy.spoiled) + 2 * proxy.spoiled + clock.platform.elapsed() / interval
    );
  }

  /** A pull that ends by itself, or before; perhaps its source changes meanwhile. */
  async #pullOnce(replica: Replica): Promise<void> {
    const { chance, proxy, time } = this.#parts;
    const before = proxy.spoiled;
    const p = this.#begin(replica, 'oneshot');
    await time.until(Promise.race([proxy.more(chance.between(1, 8)), settled(p)]));
    const isEdited = chance.next() < 0.4;
    if (isEdited) await this.#edit();
    if (chance.next() < 0.3) await time.until(p.stop());
    await time.until(settled(p));
    const { state, error } = p.status();
    if (state === 'failed' && proxy.spoiled === before) throw error;
    if (state === 'completed' && !isEdited) await this.#expectAllOrFailed(replica);
  }

  /** A pull that follows its source through some changes. */
  async #followFor(replica: Replica, isLast: boolean): Promise<void> {
    const { chance, proxy, time, clock } = this.#parts;
    const p = this.#begin(replica, 'continuous');
    p.status$.subscribe(({ state }) => {
      // As somebody would who has looked after the credentials.
      if (state === 'auth-required') queueMicrotask(() => p.resume());
    });
    for (let edits = chance.between(1, 5); edits > 0; edits -= 1) {
      await time.until(Promise.race([proxy.more(chance.between(1, 6)), settled(p)]));
      if (chance.next() < 0.1) p.pause();
      await this.#edit();
      if (chance.next() < 0.1) clock.jump(3_600_000);
      p.resume();
      if (chance.next() < 0.5) await this.#inSync(p);
    }
    if (isLast) {
      proxy.calm();
      await this.#inSync(p);
      await this.#expectAllOrFailed(replica);
    }
    await time.until(p.stop());
    expect(await p.done).toMatchObject({ state: 'stopped' });
  }

  /** Waits until a pull is in sync; asks again when that goes wrong. */
  async #inSync(p: Pull): Promise<void> {
    const { proxy, time } = this.#parts;
    for (;;) {
      const before = proxy.spoiled;
      this.#beginnings += 1;
      try {
        await time.until(p.inSync());
        return;
      } catch (error) {
        if (proxy.spoiled === before || p.status().state === 'failed') throw error;
      }
    }
  }

  #begin(replica: Replica, mode: 'oneshot' | 'continuous'): Pull {
    const { scenario, platform } = this.#parts;
    this.#beginnings += 1;
    return pull(this.#database, replica, {
      ...scenario.options,
      mode,
      platform,
      ...(scenario.keepsApart ? { checkpoints: this.#apart } : {}),
    });
  }

  async #open(): Promise<Replica> {
    return openReplica(await this.#parts.store(), 'replica');
  }

  /** Changes the source, bit by bit, and makes it forget now and then what it no longer needs. */
  async #edit(): Promise<void> {
    const { source, histories, chance } = this.#parts;
    for (let bit = chance.between(1, 4); bit > 0; bit -= 1)
      await source.replicate(histories.change(chance.between(1, 10)));
    if (chance.next() < 0.2) await source.send('POST', '/_compact', {});
  }

  /** Revisions that could not be had are on record; where there are none, everything is here. */
  async #expectAllOrFailed(replica: Replica): Promise<void> {
    if ((await replica.info()).failed === 0) await this.#expectFaithful(replica);
  }

  async #expectFaithful(replica: Replica): Promise<void> {
    const { source, scenario } = this.#parts;
    const { history, skipTombstones } = scenario.options;
    await expectFaithful(replica, source, {
      leavesAlone: history === 'leaves',
      mayLackTombstones: skipTombstones === true,
    });
  }
}

/** Resolves when a pull is over, however it ended. */
async function settled({ done }: Pull): Promise<void> {
  await done.catch(() => {});
}

/** The way to open a store again and again, as the processes of an application do that come one after the other. */
async function openStore(kind: 'memory' | 'fs', onFinished: OnFinished): Promise<() => Promise<Kv>> {
  if (kind === 'memory') {
    const kv = memoryKv();
    return async () => kv;
  }
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-test-'));
  let last: Kv | undefined;
  onFinished(async () => {
    await last?.close();
    await rm(directory, { recursive: true, force: true });
  });
  return async () => {
    await last?.close();
    last = await fsKv(directory);
    return last;
  };
}
