import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { isSequence } from '../../src/couch/feed/sequence.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Chance } from './chance.ts';
import { allLeaves, checkpointIn, coveredBy, type Found, NOTHING_FOUND, sinceOf } from './coverage.ts';
import { mixedHistories } from './documents.ts';
import { LOST_BATCHES, MOST_BATCHES, momentOf, runPull } from './doomed-pull.ts';
import { startMeteredProxy } from './metered-proxy.ts';
import { isSoak, replay, seed } from './scale.ts';
import { CHUNK, slowly } from './slow-source.ts';

const KILLS = isSoak ? 50 : 5;
/** Rows of a batch, by default. */
const BATCH = 500;
/** More than a killed pull can store, on average, so that every kill finds one at work. */
const DOCUMENTS = (KILLS + 1) * MOST_BATCHES * BATCH;
test(`a pull that is killed ${KILLS} times loses nothing and begins nothing anew`, { timeout: 900_000 }, async () => {
  console.log(`Kills by chance: ${replay}`);
  const chance = new Chance(seed);
  const server = await startServer({ config: { chunkSize: CHUNK } });
  onTestFinished(() => server.close());
  const source = await createDatabase(server.url, 'source');
  server.database(source.name)?.load(mixedHistories(DOCUMENTS));
  const whole = await readAll(server.url, source.name);
  const all = await allLeaves(source);
  const batchBytes = (whole.bytes / whole.rows) * BATCH;

  const proxy = await startMeteredProxy(server.url);
  onTestFinished(() => proxy.close());
  const directory = await temporaryDirectory();
  let stored = NOTHING_FOUND;
  let received = 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const moment = momentOf(kill, chance, batchBytes);
    const end = await slowly(server, () => runPull(proxy, source.name, directory, moment));
    expect(end, `Kill ${kill} came too late: ${JSON.stringify(moment)}`).toMatchObject({ signal: 'SIGKILL' });
    received += end.received;
    const [feed] = server.requests.all.filter(({ path }) => path.includes('/_changes?'));
    if (feed !== undefined) expect(sinceOf(feed.path)).toEqual(stored.checkpoint);

    const before = stored;
    stored = await look(directory, source);
    const told = await coveredBy(isSequence(end.checkpoint) ? end.checkpoint : undefined, source);
    // Nothing that the checkpoint says is there is missing, nothing that was told or seen to be there is gone.
    for (const there of [await coveredBy(stored.checkpoint, source), told, before.held]) {
      expect([...there].filter((revision) => !stored.held.has(revision))).toEqual([]);
    }
    expect([...stored.held].filter((revision) => !all.has(revision))).toEqual([]);
  }

  const last = await slowly(server, () => runPull(proxy, source.name, directory));
  expect(last).toMatchObject({ code: 0, stderr: '' });
  expect(received + last.received).toBeLessThan(whole.bytes + KILLS * LOST_BATCHES * batchBytes);
  const kv = await fsKv(directory);
  onTestFinished(() => kv.close());
  await expectFaithful(await openReplica(kv, source.name), source);
});

/** What a pull costs that nobody disturbs. */
async function readAll(url: string, name: string): Promise<{ readonly bytes: number; readonly rows: number }> {
  const { bytes, docsRead } = await pull(couch.db(`${url}/${name}`), await openReplica(memoryKv(), name)).done;
  return { bytes, rows: docsRead };
}

/** Looks into a copy, so that the next pull finds the store as the killed one has left it. */
async function look(directory: string, { name }: SourceDatabase): Promise<Found> {
  const copy = join(await temporaryDirectory(), 'copy');
  await cp(directory, copy, { recursive: true });
  const kv = await fsKv(copy);
  try {
    const replica = await openReplica(kv, name);
    const held = new Set<string>();
    for await (const { id, rev } of replica.texts({ leaves: true })) held.add(`${id} ${rev}`);
    const info = await replica.info();
    expect(info.failed).toBe(0);
    return { held, checkpoint: checkpointIn(info) };
  } finally {
    await kv.close();
  }
}
