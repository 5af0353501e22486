import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { couch } from '../../../src/couch/couch.ts';
import type { LiveFeed } from '../../../src/couch/feed/timing.ts';
import { type HeldRequest, type HeldServer, startHeldServer } from '../../support/held-server.ts';
import { answer } from '../../support/scripted-server.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

let server: HeldServer;
let clock: VirtualClock;
let last: HeldRequest;

beforeEach(async () => {
  server = await startHeldServer();
  clock = virtualClock();
});
afterEach(async () => {
  await server.close();
});

const row = '{"seq":"2-b","id":"b","changes":[{"rev":"1-b"}]}';
const page = answer('{"results":[],"last_seq":"1-a","pending":0}');

/** Brings a feed into a state. */
const states: Record<string, { readonly feed: LiveFeed; readonly reach: () => Promise<void> }> = {
  'connecting to catch up': {
    feed: 'live',
    async reach() {
      last = await server.request();
    },
  },
  'catching up': {
    feed: 'live',
    async reach() {
      last = await server.request();
      await last.write(`{"results":[\n${row}`);
    },
  },
  'connecting live': { feed: 'live', reach: goLive },
  'live, continuous': {
    feed: 'continuous',
    async reach() {
      await goLive();
      await last.write(`${row}\n`);
      await clock.sleeping(100);
    },
  },
  'live, by long poll': {
    feed: 'longpoll',
    async reach() {
      await goLive();
      await last.write('{"results":[\n');
    },
  },
  'live, by event source': {
    feed: 'eventsource',
    async reach() {
      await goLive();
      await last.write(`data: ${row}\n\n`, 'text/event-stream');
      await clock.sleeping(100);
    },
  },
  'waiting for another try': {
    feed: 'live',
    async reach() {
      await goLive();
      last.tear();
      await clock.sleeping(125);
    },
  },
  'waiting for the next poll': {
    feed: 'polling',
    async reach() {
      last = await server.request();
      last.answer(page);
      await clock.sleeping(10_000);
    },
  },
};

async function goLive(): Promise<void> {
  (await server.request()).answer(page);
  last = await server.request();
}

describe.each(Object.entries(states))('A live feed that is %s', (_name, { feed, reach }) => {
  const changes = (signal?: AbortSignal) =>
    couch
      .db(`${server.url}/db`, { platform: clock.platform })
      .changes({ feed, ...(signal === undefined ? {} : { signal }) });

  afterEach(async () => {
    await last.closed;
    expect(server.waiting).toBe(0);
    expect(clock.sleeps).toEqual([]);
  });

  test('closes its connection and wakes from its sleep when its subscriber leaves', async () => {
    const subscription = changes().subscribe({ error: (error) => expect.unreachable(String(error)) });
    await reach();
    subscription.unsubscribe();
  });

  test('does so when the caller aborts, and says with what', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const event of changes(controller.signal)) expect(event.type).not.toBe('end');
    })();
    await reach();
    controller.abort(new Error('mine'));
    await expect(reading).rejects.toThrow('mine');
  });

  test('does so when its iterator is returned', async () => {
    const reader = changes()[Symbol.asyncIterator]();
    const reading = (async () => {
      while (!(await reader.next()).done);
    })();
    await reach();
    await reader.return?.();
    await reading;
  });
});

test('A live feed whose loop is left at a row closes its connection', async () => {
  const reading = (async () => {
    const feed = couch.db(`${server.url}/db`, { platform: clock.platform }).changes({ feed: 'continuous' });
    for await (const event of feed) if (event.type === 'row') break;
  })();
  await goLive();
  await last.write(`${row}\n`);
  await reading;
  await last.closed;
  expect(clock.sleeps).toEqual([]);
});
