import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { Page } from 'playwright';
import { couch, memoryKv, openReplica, pull } from '../../src/index.ts';
import { Chance } from '../faults/chance.ts';
import { allLeaves, checkpointIn, coveredBy, type Found, NOTHING_FOUND, sinceOf } from '../faults/coverage.ts';
import { killAt, LOST_BATCHES, MOST_BATCHES, type Moment, momentOf, type StorePlace } from '../faults/doomed-pull.ts';
import { type MeteredProxy, startMeteredProxy } from '../faults/metered-proxy.ts';
import { seed, seeds } from '../faults/scale.ts';
import { CHUNK, slowly } from '../faults/slow-source.ts';
import { inOrder, leavesAtSource, type ShownLeaf, shownLeaf } from '../support/shown-leaves.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import { illustrated, pictureOf } from './illustrated.ts';
import { killAll } from './processes.ts';
import { Profile } from './profile.ts';
import { ask, openTab } from './tab.ts';

const KILLS = seeds(20).length;
/** Rows of a batch. */
const BATCH = 50;
/** Batches that a killed pull may store at the most: until the browser has heard of its death some more than were waited for. */
const STORED_BATCHES = MOST_BATCHES + 4;
/** More than killed pulls can store, so that every kill finds one at work. */
const DOCUMENTS = (KILLS + 1) * STORED_BATCHES * BATCH;
/** A browser that dies in the middle of a pull. */
export const kill: BrowserSuite = ({ name, siteUrl }) => [
  {
    name: `A browser that is killed ${KILLS} times in a pull has lost nothing, has nothing by halves, and begins nothing anew`,
    limit: 60_000 + KILLS * 30_000,
    async run() {
      console.log(`Kills by chance: SEED=${seed} ROUNDS=${KILLS} npm run soak -- test/browser/run.ts ${name} kill`);
      const chance = new Chance(seed);
      const { server, source } = await startOrigin();
      const proxy = await startMeteredProxy(server.url);
      try {
        server.config.chunkSize = CHUNK;
        server.database(source.name)?.load(illustrated(DOCUMENTS));
        const whole = await pull(couch.db(source.url), await openReplica(memoryKv(), source.name)).done;
        const batchBytes = (whole.bytes / whole.docsRead) * BATCH;
        const all = await allLeaves(source);
        const url = `${proxy.url}/${source.name}`;

        await Profile.use(name, async (profile) => {
          let stored = NOTHING_FOUND;
          let losses = 0;
          /** Looks at what is there, before anything else is done. */
          const look = async (page: Page): Promise<void> => {
            const loss = await ask(page, 'dataLoss');
            if (loss !== undefined) {
              console.log(`${name} has thrown away what it had: ${loss}`);
              losses += 1;
              stored = NOTHING_FOUND;
            }
            const before = stored;
            stored = await lookInto(page);
            if (loss !== undefined) assert.deepEqual(stored, NOTHING_FOUND);
            for (const there of [await coveredBy(stored.checkpoint, source), before.held]) {
              assert.deepEqual(without(there, stored.held), []);
            }
            assert.deepEqual(without(stored.held, all), []);
          };
          for (let round = 1; round <= KILLS; round += 1) {
            const page = await openTab(await profile.open(), siteUrl);
            await look(page);
            const moment = momentOf(round, chance, batchBytes);
            const isOver = await slowly(server, () => pullToDeath(profile, page, { url, proxy, moment }));
            assert.ok(!isOver, `Kill ${round} came too late: ${JSON.stringify(moment)}`);
            const feed = server.requests.all.find(({ path }) => path.includes('/_changes?'));
            if (feed !== undefined) assert.equal(sinceOf(feed.path), stored.checkpoint);
          }

          const page = await openTab(await profile.open(), siteUrl);
          await look(page);
          await ask(page, 'start', url, { mode: 'oneshot', batchSize: BATCH });
          await ask(page, 'done');
          assert.ok(proxy.bytes < (1 + losses) * whole.bytes + KILLS * LOST_BATCHES * batchBytes);
          const held = new Map<string, ShownLeaf[]>();
          for (const { id, rev, text } of await ask(page, 'leaves')) {
            const leaf = shownLeaf(text);
            held.set(id, [...(held.get(id) ?? []), leaf]);
            for (const attachment of Object.keys(leaf.attachments ?? {})) {
              const content = await ask(page, 'content', id, attachment, rev);
              assert.equal(content, pictureOf(id).toString('base64'));
            }
          }
          assert.deepEqual(inOrder(held), inOrder(await leavesAtSource(source)));
          assert.deepEqual(await ask(page, 'problems', url), []);
        });
      } finally {
        await proxy.close();
        await server.close();
      }
    },
  },
];

/** What is there, all of which must be whole. */
async function lookInto(page: Page): Promise<Found> {
  assert.deepEqual(await ask(page, 'problems'), []);
  const info = await ask(page, 'info');
  assert.deepEqual([info.failed, info.attachmentsMissing], [0, 0]);
  const leaves = await ask(page, 'leaves');
  return { held: new Set(leaves.map(({ id, rev }) => `${id} ${rev}`)), checkpoint: checkpointIn(info) };
}

/** Pulls until the moment has come to kill the browser; gives whether the pull was over before. */
async function pullToDeath(
  profile: Profile,
  page: Page,
  { url, proxy, moment }: { readonly url: string; readonly proxy: MeteredProxy; readonly moment: Moment },
): Promise<boolean> {
  const doomed = await profile.processes();
  let strike = (): void => {};
  const isDoomed = new Promise<void>((resolve) => {
    strike = resolve;
  });
  let isOver = false;
  let left = moment.when === 'stored' ? moment.batches : MOST_BATCHES;
  page.on('console', (message) => {
    if (message.text() === 'done') isOver = true;
    if (message.text() === 'batch') left -= 1;
    if (left === 0) strike();
  });
  const stopWatching = killAt(moment, () => strike(), proxy, await placeOfStore(profile.directory));
  // Whether it is begun at all is of no interest once the browser is dead.
  ask(page, 'start', url, { mode: 'oneshot', batchSize: BATCH }).catch(() => {});
  await isDoomed;
  killAll(doomed);
  stopWatching();
  await profile.kill();
  return isOver;
}

/** Where a browser keeps the one store that there is: Chromium in LevelDB, Firefox in SQLite. */
async function placeOfStore(profile: string): Promise<StorePlace> {
  const isLog = (file: string): boolean => /^\d+\.log$|\.sqlite-wal$/.test(file);
  const entries = await readdir(profile, { recursive: true, withFileTypes: true });
  const log = entries.find(({ name, parentPath }) => isLog(name) && /indexeddb\.leveldb$|\/idb$/.test(parentPath));
  if (log === undefined) throw new Error(`There is no log of a store in ${profile}`);
  return { directory: log.parentPath, isLog };
}

function without(these: ReadonlySet<string>, those: ReadonlySet<string>): string[] {
  return [...these].filter((one) => !those.has(one));
}
