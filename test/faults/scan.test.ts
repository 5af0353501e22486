import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { scan } from '../../src/scan/scan.ts';
import { createScanner } from '../../src/scan/scanner/scanner.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import { nextLine, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Chance } from './chance.ts';
import { isSoak, replay, seed } from './scale.ts';
import { coverageOf, listed } from './scan-findings.ts';
import { scanPlugins } from './scan-plugins.ts';
import { readTraces, type ScanTask, scannerOptions, tracedPlugins } from './scan-task.ts';
import type { ScanTrace } from './scan-trace.ts';
import { harass, type Victim } from './violence.ts';

const WORKERS = isSoak ? 8 : 4;
const SIZE = isSoak ? { databases: 1000, documents: 1_000_000 } : { databases: 60, documents: 4000 };
const BATCH = isSoak ? 1000 : 50;
const PART = isSoak ? 50_000 : 400;
/** Milliseconds that each kilobyte takes to come from the source, so that there is time for violence, in the middle of a batch too. */
const PAUSE = isSoak ? 0 : 10;
/** A scanner's jobs are lost when nothing is heard of their worker for half a minute: three seconds, by this clock. */
const PACE = 10;
const TIMEOUT = 30_000 / PACE;
/** Acts of violence, at least half of which have to happen before the work is done. */
const ACTS = isSoak ? 100 : 8;

test(`${SIZE.databases} databases and one of ${SIZE.documents} documents are scanned once, while ${WORKERS} workers are killed and stopped`, {
  timeout: 3_600_000,
}, async () => {
  console.log(`Workers killed and stopped by chance: ${replay}`);
  const single = await scanOnce();
  const url = await startSource(PAUSE);
  const root = await temporaryDirectory();
  const [directory, traces] = [join(root, 'store'), join(root, 'traces')];
  await mkdir(traces);
  const task: ScanTask = { directory, traces, url, batchSize: BATCH, partSize: PART, begun: Date.now(), pace: PACE };
  const kv = await fsKv(directory);
  onTestFinished(() => kv.close());
  // It looks on; nothing is done to it, and it does nothing.
  const keeper = createScanner(scannerOptions(task, kv));
  onTestFinished(() => keeper.close());
  await keeper.stop();
  for (const { name } of scanPlugins()) await keeper.enable(name);

  let [begun, lost] = [0, 0];
  const { kills, stops } = await harass({
    chance: new Chance(seed),
    workers: WORKERS,
    start() {
      begun += 1;
      // Some come to harm while they split a scan; the others while they have a part of one.
      const mayPlan = begun <= 2;
      const isWork = (job: string): boolean => mayPlan || job !== 'plugin';
      return startWorker(task, isWork, (event) => {
        if (event === 'lost') lost += 1;
      });
    },
    hasWork: async () => Object.values(keeper.status().plugins).some(({ state }) => state !== 'finished'),
    acts: ACTS,
    peace: 500,
    stopped: 2 * TIMEOUT,
    timeout: TIMEOUT,
  });

  const { complaints, broken, again } = coverageOf(readTraces(traces), single.trace, BATCH);
  const { plugins } = keeper.status();
  const parts = Object.entries(plugins).map(([name, plugin]) => `${plugin.parts} parts of ${name}`);
  console.log(
    `${parts.join(', ')}; ${kills} kills, ${stops} stops, ${lost} jobs lost; ${broken} runs had ${again} objects shown again`,
  );
  expect(complaints).toEqual([]);
  expect(await listed(findings$(kv, { id: keeper.id }))).toEqual(single.findings);
  // The large database was split, for the plugin that reads it.
  expect(plugins['find']?.parts).toBeGreaterThan((0.9 * SIZE.documents) / PART);
  expect(kills + stops).toBeGreaterThanOrEqual(ACTS / 2);
});

/** Starts a source in a process of its own, the same each time; gives its url. */
async function startSource(pause: number): Promise<string> {
  const args = [SIZE.databases, SIZE.documents, pause].map(String);
  const source = startProcess(new URL('./scan-source-program.ts', import.meta.url), args, [
    '--max-old-space-size=12000',
  ]);
  onTestFinished(async () => {
    source.kill();
    await source.ended;
  });
  return nextLine(source);
}

/** What a scan finds and is shown that nobody disturbs. */
async function scanOnce(): Promise<{ readonly findings: string[]; readonly trace: ScanTrace }> {
  const url = await startSource(0);
  const [store, traces] = [memoryKv(), await temporaryDirectory()];
  for await (const _ of scan(couch(url), tracedPlugins(traces, 'single'), { store }).batches());
  return { findings: await listed(findings$(store)), trace: readTraces(traces) };
}

/**
 * Starts a worker.
 *
 * @param isWork whether harm may come to it while it has this job
 * @param hear is told what becomes of its jobs
 */
function startWorker(task: ScanTask, isWork: (job: string) => boolean, hear: (event: string) => void): Victim {
  const program = fileURLToPath(new URL('./scanner-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let jobs = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [event = '', job = ''] = line.split(' ');
    if (isWork(job)) jobs += event === 'started' ? 1 : -1;
    hear(event);
  });
  return {
    get isReady() {
      return jobs > 0;
    },
    kill: () => void child.kill('SIGKILL'),
    stop: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
  };
}
