import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { type BreakableNetwork, layNetwork } from '../support/breakable-network.ts';
import { smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { type PacedClock, pacedClock } from '../support/paced-clock.ts';
import { arrival, reaches, statesOf } from '../support/pull-watch.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { type IntegrationServer, integrationServers, isEndToEnd } from './servers.ts';

/** Half a minute of an outage, and the half minute after which silence is one: as long as it takes, or faster where that can be. */
const HALF_A_MINUTE = 30_000;

const servers = integrationServers.filter(([, , { takesClock, isPlain }]) => isPlain && (takesClock || isEndToEnd));

describe.each(servers)('A live pull from %s', { timeout: 240_000 }, (_name, open, { takesClock }) => {
  let clock: PacedClock;
  let server: IntegrationServer;
  let source: SourceDatabase;
  let network: BreakableNetwork;
  let replica: Replica;
  let running: Pull;
  let states: readonly PullState[];

  beforeEach(async () => {
    clock = pacedClock(takesClock ? 10 : 1);
    server = await open(clock.platform);
    source = await createDatabase(server.url);
    await source.replicate(smallDocuments(20));
    network = await layNetwork(source.url);
    replica = await openReplica(memoryKv(), source.name);
    // What the platform keeps for some seconds, a faster clock would see kept for a minute.
    const headers = takesClock ? { connection: 'close' } : {};
    running = pull(couch.db(network.url, { headers, platform: clock.platform }), replica, {
      mode: 'continuous',
      platform: clock.platform,
    });
    states = statesOf(running);
    await running.caughtUp;
    // The connection that is broken is to be the one of the feed.
    await source.put({ _id: 'seen live' });
    await here('seen live');
  });
  afterEach(async () => {
    await running.stop();
    await network.stop();
    await source.destroy();
    await server.close();
  });

  const here = (id: string): Promise<void> => arrival(running, replica, id);
  const until = (state: PullState): Promise<void> => reaches(running, state);

  /** How long something takes, by the clock of the pull. */
  async function timeOf(wait: Promise<void>): Promise<number> {
    const begun = clock.platform.elapsed();
    await wait;
    return clock.platform.elapsed() - begun;
  }

  test('catches up by itself when the server was gone for half a minute', async () => {
    await network.stop();
    await source.put({ _id: 'meanwhile' });
    await until('offline');
    await clock.platform.sleep(HALF_A_MINUTE);
    expect(running.status().state).toBe('offline');
    await network.start();
    await here('meanwhile');
    await until('live');
    await source.put({ _id: 'after' });
    await here('after');
    await until('live');
    expect(states).toEqual(['starting', 'live', 'offline', 'live']);
    expect(running.status()).toMatchObject({ docsRead: 23, docsWritten: 23, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('notices a connection that is half open', async () => {
    const before = network.connections;
    network.freeze();
    await source.put({ _id: 'unheard of' });
    const noticed = await timeOf(here('unheard of'));
    // CouchDB was to say something every 10 seconds; three of them without a word are enough.
    expect(noticed).toBeLessThan(2 * HALF_A_MINUTE);
    expect(network.connections).toBeGreaterThan(before);
    await until('live');
    expect(running.status()).toMatchObject({ docsRead: 22, docsWritten: 22, docsFailed: 0 });
  });

  test('survives a network that takes connections and is mute', async () => {
    network.isMute = true;
    network.freeze();
    await source.put({ _id: 'unheard of' });
    await firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'retry')));
    network.isMute = false;
    await here('unheard of');
    await until('live');
    expect(running.status()).toMatchObject({ docsRead: 22, docsWritten: 22, docsFailed: 0 });
  });

  test('is live again within seconds after the machine slept', async () => {
    network.freeze();
    await source.put({ _id: 'while it slept' });
    const { requests } = running.status();
    clock.jump(8 * 3_600_000);
    const awake = await timeOf(here('while it slept'));
    // Five seconds until the clock is looked at, ten if a connection that was kept is dead, too; silence would take thirty.
    expect(awake).toBeLessThan(20_000);
    await until('live');
    await source.put({ _id: 'after' });
    await here('after');
    await until('live');
    // One to catch up, two where it took a kept connection that was dead; one to stay live, one for each of the two documents.
    expect(running.status().requests - requests).toBeLessThanOrEqual(5);
    expect(running.status()).toMatchObject({ docsRead: 23, docsWritten: 23, docsFailed: 0 });
  });
});
