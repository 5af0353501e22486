import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue, type Queue } from '../../src/jobs/queue.ts';
import { decodeJson } from '../../src/kv/json.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Chance } from './chance.ts';
import { type JobTrace, keyOfTrace } from './job-trace.ts';
import { isSoak, replay, seed } from './scale.ts';

const WORKERS = isSoak ? 8 : 4;
const JOBS = isSoak ? 2000 : 200;
const TYPE = 'task';
/** In milliseconds; who is stopped for longer is a zombie when it goes on. */
const TIMEOUT = 1500;
const STOPPED = 4 * TIMEOUT;
/** Acts of violence, and the time between two of them in milliseconds. */
const ACTS = isSoak ? 120 : 8;
const PEACE = 500;

/** A worker in a process of its own. */
interface WorkerProcess {
  readonly child: ChildProcess;
  /** Whether it has begun to work. */
  isReady: boolean;
}

/** What was done to workers. */
interface Violence {
  kills: number;
  stops: number;
  /** Runs that found their job lost. */
  lost: number;
}

test(`${JOBS} jobs all end, each by one worker at a time, while ${WORKERS} workers are killed and stopped`, {
  timeout: 900_000,
}, async () => {
  console.log(`Workers killed and stopped by chance: ${replay}`);
  const directory = await temporaryDirectory();
  const kv = await fsKv(directory);
  onTestFinished(() => kv.close());
  const queue = createQueue(kv);
  await queue.defineType(TYPE, { timeout: TIMEOUT, maxAttempts: Number.POSITIVE_INFINITY });
  const ids = Array.from({ length: JOBS }, (_, index) => `job ${index}`);
  await queue.addAll(
    TYPE,
    ids.map((id) => ({ id, data: {} })),
  );
  const violence: Violence = { kills: 0, stops: 0, lost: 0 };
  const workers = Array.from({ length: WORKERS }, () => startWorker(directory, violence));
  onTestFinished(() => {
    for (const { child } of workers) child.kill('SIGKILL');
  });
  await harass(workers, queue, new Chance(seed), violence, () => startWorker(directory, violence));

  const traces = await Promise.all(ids.map((id) => traceOf(kv, id)));
  const runs = traces.reduce((sum, { steps }) => sum + new Set(steps.map(({ epoch }) => epoch)).size, 0);
  console.log(
    `${JOBS} jobs in ${runs} runs; ${violence.kills} kills, ${violence.stops} stops, ${violence.lost} jobs lost`,
  );
  expect(await queue.counts(TYPE)).toEqual({ pending: 0, running: 0, finished: JOBS, cancelled: 0, dead: 0 });
  for (const [index, { steps, late }] of traces.entries()) {
    expect(late, `A write of a zombie landed in ${ids[index]}`).toBe(0);
    // The last run has done all of it.
    const last = Math.max(...steps.map(({ epoch }) => epoch));
    expect(steps.filter(({ epoch }) => epoch === last).map(({ step }) => step)).toEqual(['begun', 'done']);
    expect((await queue.get(TYPE, ids[index] ?? ''))?.epoch).toBe(last);
  }
  expect(await queue.rebuild(TYPE)).toBe(0);
  expect(violence.kills + violence.stops).toBe(ACTS);
});

/** Kills and stops workers that are at work, and starts others in their place; then waits until all jobs have ended. */
async function harass(
  workers: WorkerProcess[],
  queue: Queue,
  chance: Chance,
  violence: Violence,
  start: () => WorkerProcess,
): Promise<void> {
  const pauses: Promise<void>[] = [];
  while (await hasWork(queue)) {
    await pause(PEACE * (0.5 + chance.next()));
    const index = chance.between(0, workers.length - 1);
    const worker = workers[index];
    if (worker?.isReady !== true || violence.kills + violence.stops >= ACTS) continue;
    if (chance.next() < 0.6) {
      violence.kills += 1;
      worker.child.kill('SIGKILL');
      workers[index] = start();
    } else {
      violence.stops += 1;
      worker.child.kill('SIGSTOP');
      pauses.push(pause(STOPPED).then(() => void worker.child.kill('SIGCONT')));
    }
  }
  await Promise.all(pauses);
  // Zombies that have just come back may still be at it.
  await pause(TIMEOUT);
}

async function hasWork(queue: Queue): Promise<boolean> {
  const { pending, running } = await queue.counts(TYPE);
  return pending + running > 0;
}

function startWorker(directory: string, violence: Violence): WorkerProcess {
  const program = fileURLToPath(new URL('./job-worker-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, TYPE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const worker = { child, isReady: false };
  createInterface({ input: child.stdout }).on('line', (line) => {
    worker.isReady = true;
    if (line === 'lost') violence.lost += 1;
  });
  return worker;
}

async function traceOf(kv: Kv, id: string): Promise<JobTrace> {
  const [entry] = await kv.read([keyOfTrace(id)]);
  return entry === undefined ? { steps: [], late: 0 } : (decodeJson(entry.value) as JobTrace);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
