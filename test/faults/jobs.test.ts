import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Chance } from './chance.ts';
import { complaintsAbout, findJobs, runsOf } from './job-findings.ts';
import { isSoak, replay, seed } from './scale.ts';
import { harass } from './violence.ts';

const WORKERS = isSoak ? 8 : 4;
const JOBS = isSoak ? 2000 : 200;
const TYPE = 'task';
/** In milliseconds; who is stopped for longer is a zombie when it goes on. */
const TIMEOUT = 1500;
/** Acts of violence, at least half of which have to happen before the work is done. */
const ACTS = isSoak ? 120 : 8;

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

  const children: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  let lost = 0;
  const { kills, stops } = await harass({
    chance: new Chance(seed),
    workers: WORKERS,
    start() {
      const program = fileURLToPath(new URL('./job-worker-program.ts', import.meta.url));
      const child = spawn(process.execPath, [program, directory, TYPE], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      let isReady = false;
      createInterface({ input: child.stdout }).on('line', (event) => {
        isReady = true;
        if (event === 'lost') lost += 1;
      });
      return {
        get isReady() {
          return isReady;
        },
        kill: () => void child.kill('SIGKILL'),
        stop: () => void child.kill('SIGSTOP'),
        goOn: () => void child.kill('SIGCONT'),
      };
    },
    async hasWork() {
      const { pending, running } = await queue.counts(TYPE);
      return pending + running > 0;
    },
    acts: ACTS,
    peace: 500,
    stopped: 4 * TIMEOUT,
    timeout: TIMEOUT,
  });

  const findings = await findJobs(queue, kv, TYPE, ids);
  console.log(`${JOBS} jobs in ${runsOf(findings)} runs; ${kills} kills, ${stops} stops, ${lost} jobs lost`);
  expect(complaintsAbout(findings)).toEqual([]);
  expect(kills + stops).toBeGreaterThanOrEqual(ACTS / 2);
});
