import { type ChildProcess, spawn } from 'node:child_process';
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
import type { ScanSourceSize } from './scan-source.ts';
import { type ScanTask, scannerOptions, tracedPlugins } from './scan-task.ts';
import { readTraces, type ScanTrace } from './scan-trace.ts';
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
  const { url, directory, traces } = await stage(SIZE);
  const single = await scanOnce(url);
  const task: ScanTask = { directory, traces, url, batchSize: BATCH, partSize: PART, begun: Date.now(), pace: PACE };
  const kv = await fsKv(directory);
  onTestFinished(() => kv.close());
  // It looks on; nothing is done to it, and it does nothing.
  const keeper = createScanner(scannerOptions(task, kv));
  onTestFinished(() => keeper.close());
  await keeper.stop();
  for (const { name } of scanPlugins()) await keeper.enable(name);

  let lost = 0;
  const { kills, stops } = await harass({
    chance: new Chance(seed),
    workers: WORKERS,
    start: () =>
      startWorker(task, (event) => {
        if (event === 'lost') lost += 1;
      }),
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

/** A source in a process of its own, an empty directory for a store, and one for what is put on record. */
async function stage({
  databases,
  documents,
}: ScanSourceSize): Promise<{ url: string; directory: string; traces: string }> {
  const args = [databases, documents, PAUSE].map(String);
  const source = startProcess(new URL('./scan-source-program.ts', import.meta.url), args, [
    '--max-old-space-size=12000',
  ]);
  onTestFinished(async () => {
    source.kill();
    await source.ended;
  });
  const root = await temporaryDirectory();
  const [directory, traces] = [join(root, 'store'), join(root, 'traces')];
  await mkdir(traces);
  return { url: await nextLine(source), directory, traces };
}

/** What a scan finds and is shown that nobody disturbs. */
async function scanOnce(url: string): Promise<{ readonly findings: string[]; readonly trace: ScanTrace }> {
  const [store, traces] = [memoryKv(), await temporaryDirectory()];
  for await (const _ of scan(couch(url), tracedPlugins(traces, 'single'), { store }).batches());
  return { findings: await listed(findings$(store)), trace: readTraces(traces) };
}

function startWorker(task: ScanTask, hear: (event: string) => void): Victim {
  const program = fileURLToPath(new URL('./scanner-program.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let jobs = 0;
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (event) => {
      jobs += event === 'started' ? 1 : -1;
      hear(event);
    });
  }
  return {
    get isReady() {
      return jobs > 0;
    },
    kill: () => void child.kill('SIGKILL'),
    stop: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
  };
}
