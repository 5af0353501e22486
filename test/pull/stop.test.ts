import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import type { PullEvent } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { Target } from '../../src/replica/target.ts';
import { alteredTarget } from '../contract/altered-target.ts';
import { type Deferred, deferred } from '../support/deferred.ts';
import { type HeldRequest, type HeldServer, startHeldServer } from '../support/held-server.ts';
import { answer } from '../support/scripted-server.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

let server: HeldServer;
let clock: VirtualClock;
let replica: Replica;
let running: Pull;
/** The request that is under way when the pull is stopped, where there is one. */
let last: HeldRequest | undefined;

beforeEach(async () => {
  server = await startHeldServer();
  clock = virtualClock();
  replica = await openReplica(memoryKv(), 'replica');
  last = undefined;
});
afterEach(() => server.close());

const info = answer({ db_name: 'db', doc_count: 1, doc_del_count: 0, update_seq: '1-a' });
const end = '],"last_seq":"1-a","pending":0}';
const nothing = answer(`{"results":[${end}`);
const shallow = '{"seq":"1-a","id":"a","changes":[{"rev":"1-a"}],"doc":{"_id":"a","_rev":"1-a"}}';
const deep = '{"seq":"1-a","id":"a","changes":[{"rev":"2-b"}]}';

function start(options: PullOptions, target: Target = replica): void {
  const { platform } = clock;
  running = pull(couch.db(`${server.url}/db`, { platform }), target, { ...options, platform });
}

async function isNow(state: PullState): Promise<void> {
  await firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
}

/** Brings a pull somewhere. */
const places: Record<string, PullOptions & { readonly reach: () => Promise<void> }> = {
  'before the first answer': {
    async reach() {
      last = await server.request();
    },
  },
  'while the first answer arrives': {
    async reach() {
      last = await server.request();
      await last.write('{"db_name":');
    },
  },
  'while the feed arrives': {
    async reach() {
      (await server.request()).answer(info);
      last = await server.request();
      await last.write(`{"results":[${shallow},`);
    },
  },
  'while revisions arrive': {
    async reach() {
      (await server.request()).answer(info);
      (await server.request()).answer(answer(`{"results":[${deep}${end}`));
      last = await server.request();
      await last.write('{"results":[{"id":"a","docs":[');
    },
  },
  'between two tries': {
    async reach() {
      (await server.request()).answer(answer('', 503));
      await isNow('backing-off');
    },
  },
  'between two tries of a continuous pull': {
    mode: 'continuous',
    retry: { attempts: 1 },
    async reach() {
      (await server.request()).tear();
      await isNow('offline');
    },
  },
  'while it is turned away': {
    mode: 'continuous',
    async reach() {
      (await server.request()).answer(answer({ error: 'unauthorized', reason: 'expired' }, 401));
      await isNow('auth-required');
    },
  },
  'while it is live': {
    mode: 'continuous',
    async reach() {
      (await server.request()).answer(info);
      (await server.request()).answer(nothing);
      (await server.request()).answer(nothing);
      last = await server.request();
      await last.write('\n');
    },
  },
  'between two polls': {
    mode: 'continuous',
    interval: 5000,
    async reach() {
      (await server.request()).answer(info);
      (await server.request()).answer(nothing);
      await clock.sleeping(5000);
    },
  },
  'while it is paused': {
    async reach() {
      (await server.request()).answer(info);
      last = await server.request();
      running.pause();
    },
  },
};

describe.each(Object.entries(places))('A pull that is stopped %s', (_where, { reach, ...options }) => {
  test('is over once, says nothing afterwards, and leaves no request and no timer behind', async () => {
    start(options);
    const events: PullEvent[] = [];
    running.events$.subscribe((event) => events.push(event));
    await reach();
    const both = [running.stop(), running.stop()];
    await Promise.all(both);
    const { length } = events;
    expect(events.filter(({ type }) => type === 'done' || type === 'error')).toMatchObject([
      { type: 'done', result: { state: 'stopped' } },
    ]);
    expect(events.at(-1)?.type).toBe('done');
    await last?.closed;
    expect(clock.sleeps).toEqual([]);
    await clock.advance(3_600_000);
    expect(server.waiting).toBe(0);
    expect(events).toHaveLength(length);
    expect(running.status().state).toBe('stopped');
    running.resume();
    expect(running.status().state).toBe('stopped');
  });
});

/** A target whose writes wait. */
function slow(until: Deferred, begun: Deferred): Target {
  return alteredTarget(replica, {
    writeBatch: async (batch) => {
      begun.resolve();
      await until.promise;
      return replica.writeBatch(batch);
    },
  });
}

describe('A write that is under way', () => {
  test('is finished, with its checkpoint, before a pull that is stopped says so', async () => {
    const until = deferred();
    const begun = deferred();
    start({}, slow(until, begun));
    (await server.request()).answer(info);
    (await server.request()).answer(answer(`{"results":[${shallow}${end}`));
    await begun.promise;
    let isStopped = false;
    const stopped = running.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(3_600_000);
    expect(isStopped).toBe(false);
    until.resolve();
    await stopped;
    expect(await replica.get('a')).toEqual({ _id: 'a', _rev: '1-a' });
    expect((await replica.info()).checkpoints).toHaveLength(1);
  });
});
