import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { scan } from '../../src/scan/scan.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import { type Process, type ProcessEnd, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Chance } from './chance.ts';
import { killAt, type Moment } from './doomed-pull.ts';
import { type MeteredProxy, startMeteredProxy } from './metered-proxy.ts';
import { isSoak, replay, seed } from './scale.ts';
import { coverageOf, listed } from './scan-findings.ts';
import { fillForScan } from './scan-source.ts';
import { readTraces, type ScanTask, tracedPlugins } from './scan-task.ts';
import { slowly } from './slow-source.ts';

const KILLS = isSoak ? 50 : 6;
const BATCH = 100;
/** No scan that is killed comes further than so many batches, on average. */
const MOST_BATCHES = 6;
const DATABASES = 5 * KILLS;
const DOCUMENTS = (KILLS + 1) * MOST_BATCHES * BATCH;

test(`a scan that is killed ${KILLS} times scans everything, next to nothing twice, and keeps each finding once`, {
  timeout: 900_000,
}, async () => {
  console.log(`Kills by chance: ${replay}`);
  const chance = new Chance(seed);
  const server = await startServer({ config: { chunkSize: 2048 } });
  onTestFinished(() => server.close());
  fillForScan(server, { databases: DATABASES, documents: DOCUMENTS });
  const proxy = await startMeteredProxy(server.url);
  onTestFinished(() => proxy.close());
  const root = await temporaryDirectory();
  const [directory, traces, single] = [join(root, 'store'), join(root, 'traces'), join(root, 'single')];
  for (const made of [traces, single]) await mkdir(made);
  const undisturbed = memoryKv();
  const options = { store: undisturbed, batchSize: BATCH };
  for await (const _ of scan(couch(proxy.url), tracedPlugins(single, 'single'), options).batches());
  const expected = await listed(findings$(undisturbed));
  const bytes = (proxy.bytes / DOCUMENTS) * BATCH;

  const task: ScanTask = { directory, traces, url: proxy.url, batchSize: BATCH, partSize: 0, begun: 0, pace: 1 };
  const told: string[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const moment = momentOf(kill, chance, bytes);
    const end = await slowly(server, () => runScan(proxy, task, String(kill), moment));
    expect(end, `Kill ${kill} came too late: ${JSON.stringify(moment)}`).toMatchObject({ signal: 'SIGKILL' });
    told.push(...end.told);
    const kept = await look(directory);
    // What was told is there, everything that is there is true, and nothing of it is there twice.
    expect(told.filter((finding) => !kept.has(finding))).toEqual([]);
    expect([...kept].filter((finding) => !expected.includes(finding))).toEqual([]);
  }
  const last = await runScan(proxy, task, 'last');
  expect(last).toMatchObject({ code: 0, stderr: '' });
  const { complaints, broken, again } = coverageOf(readTraces(traces), readTraces(single), BATCH);
  console.log(
    `${told.length} of ${expected.length} findings told by scans that were killed; ${broken} had ${again} objects shown again`,
  );
  expect(complaints).toEqual([]);
  expect([...(await look(directory))]).toEqual(expected);
});

/** A moment by chance: every other kill in the middle of writing, and the others wherever what is sent has come to. */
function momentOf(kill: number, chance: Chance, batchBytes: number): Moment {
  return kill % 2 === 0
    ? { when: 'received', bytes: chance.between(1, MOST_BATCHES * batchBytes) }
    : { when: 'writing', changes: chance.between(1, 5 * MOST_BATCHES) };
}

/** Scans in a process of its own, to the end or to the moment at which it is killed. */
async function runScan(
  proxy: MeteredProxy,
  task: ScanTask,
  name: string,
  moment?: Moment,
): Promise<ProcessEnd & { readonly told: readonly string[] }> {
  const child = startProcess(new URL('./scan-program.ts', import.meta.url), [JSON.stringify(task), name]);
  await mkdir(task.directory, { recursive: true });
  const place = { directory: task.directory, isLog: (file: string): boolean => file.endsWith('-wal') };
  const stopWatching = killAt(moment, child.kill, proxy, place);
  try {
    const [end, told] = await Promise.all([child.ended, findingsOf(child)]);
    return { ...end, told };
  } finally {
    stopWatching();
    child.kill();
  }
}

/** The findings that a scan tells; of its last line there may be a part only. */
async function findingsOf({ lines }: Process): Promise<string[]> {
  const findings: string[] = [];
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (next.value.startsWith('{"type":"finding"') && next.value.endsWith('}')) findings.push(next.value);
  }
  return findings;
}

/** The findings in a copy of a store, so that the next scan finds it as the killed one has left it. */
async function look(directory: string): Promise<Set<string>> {
  const copy = join(await temporaryDirectory(), 'copy');
  await cp(directory, copy, { recursive: true });
  const kv = await fsKv(copy);
  try {
    const found = await listed(findings$(kv));
    const kept = new Set(found);
    expect(kept.size).toBe(found.length);
    return kept;
  } finally {
    await kv.close();
  }
}
