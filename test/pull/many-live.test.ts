import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { type CountedSockets, countSockets } from '../support/counted-sockets.ts';
import { type PacedClock, pacedClock } from '../support/paced-clock.ts';

/** A change is to be here so many milliseconds of real time after it was made, at the latest, also on a busy machine. */
const LATEST = 30_000;
/** Whatever is waited for takes a quarter of its time here, on both sides: how long turns take is tested in crowd-plan.test.ts. */
const PACE = 4;

let clock: PacedClock;
let server: CouchServer;
let sockets: CountedSockets;
let pulls: { readonly running: Pull; readonly replica: Replica }[];

beforeEach(async () => {
  clock = pacedClock(PACE);
  server = await startServer({ platform: clock.platform });
  sockets = await countSockets(server.port);
  pulls = [];
});
afterEach(async () => {
  await Promise.all(pulls.map(({ running }) => running.stop()));
  await sockets.close();
  await server.close();
});

const nameOf = (n: number): string => `database-${n}`;

/** Makes databases of one document each, and follows them all. */
async function follow(count: number, connections: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    server.createDatabase(nameOf(n)).put({ _id: 'first', n });
    const replica = await openReplica(memoryKv(), nameOf(n));
    const source = couch.db(`${sockets.url}/${nameOf(n)}`, { connections, platform: clock.platform });
    pulls.push({ replica, running: pull(source, replica, { mode: 'continuous', platform: clock.platform }) });
  }
  await Promise.all(pulls.map(({ running }) => running.caughtUp));
}

/** Changes a database, and waits until the change is here. */
async function change(n: number, id: string): Promise<void> {
  const { running, replica } = pulls[n] ?? {};
  if (running === undefined || replica === undefined) throw new Error(`Database ${n} is not followed`);
  const made = performance.now();
  server.database(nameOf(n))?.put({ _id: id, n });
  while ((await replica.get(id)) === undefined) {
    await firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'batch')));
  }
  expect(performance.now() - made).toBeLessThan(LATEST);
}

describe.each([
  [200, 6, 'a server that tells of changes to its databases', true],
  [200, 6, 'a server that does not', false],
  [20, 4, 'a server that tells of changes to its databases', true],
  [20, 1, 'a server that does not', false],
] as const)(
  '%d databases of one origin, pulled live over %d connections from %s',
  (count, connections, _what, tells) => {
    test('are all kept up to date, and leave connections for the application', async () => {
      if (tells) server.createDatabase('_global_changes');
      await follow(count, connections);
      for (const { replica } of pulls) expect(await replica.get('first')).toBeDefined();

      const changing = pulls.map((_, n) => change(n, 'changed'));
      let asked = 0;
      const application = couch(sockets.url, { connections, platform: clock.platform });
      const ask = async (): Promise<void> => {
        for (let n = 0; n < 20; n += 1) {
          expect(await application.db(nameOf(n)).get('first')).toMatchObject({ n });
          asked += 1;
        }
      };
      await Promise.all([ask(), ...changing]);
      expect(asked).toBe(20);
      // One after the other on the same database: it is the liveliest now.
      for (const id of ['again', 'and again']) await change(count - 1, id);

      expect(sockets.most).toBe(connections);
      // One that does not tell is asked whether it does once.
      if (!tells) expect(server.requests.count('GET', '/_db_updates')).toBe(1);
    });
  },
);

test('Pulls that are stopped leave no connection behind', async () => {
  await follow(20, 4);
  expect(sockets.open).toBeGreaterThan(0);
  await Promise.all(pulls.map(({ running }) => running.stop()));
  await sockets.closed();
});
