import { join } from 'node:path';
import { filter, firstValueFrom, from, switchMap } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { denoKv } from '../../../adapters/deno-kv/index.ts';
import { startServer } from '../../../demo/server/index.ts';
import { createQueue } from '../../../src/jobs/queue.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { Chance } from '../../faults/chance.ts';
import { complaintsAbout, findJobs } from '../../faults/job-findings.ts';
import { replay, seed } from '../../faults/scale.ts';
import { harass } from '../../faults/violence.ts';
import { isThere, leftOutLine } from '../../run/left-out.ts';
import { type ChildProgram, type Runtime, startProgram } from '../../support/child-program.ts';
import { generations, smallDocuments } from '../../support/documents.ts';
import { expectFaithful } from '../../support/faithful.ts';
import { createDatabase } from '../../support/source-database.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { checkCommits, countUp, readCount } from '../fs/commits.ts';

/** Where Deno is not, Node.js shares files with itself. */
const hasDeno = await isThere('deno');
if (!hasDeno) console.log(leftOutLine('files of Deno KV shared by Deno and Node.js', 'deno'));
const OTHER: Runtime = hasDeno ? 'deno' : 'node';
const RUNTIMES: readonly Runtime[] = hasDeno ? ['node', 'deno'] : ['node'];

function start(what: string, file: string, argument = '', runtime: Runtime = 'node'): ChildProgram {
  return startProgram(new URL('./store-program.ts', import.meta.url), [what, file, argument], runtime);
}

function lock(file: string): ChildProgram {
  return startProgram(new URL('./lock-program.ts', import.meta.url), [file]);
}

async function temporaryFile(): Promise<string> {
  return join(await temporaryDirectory(), 'deno-kv.db');
}

async function open(file: string): Promise<Kv> {
  const kv = await denoKv(file, { every: 50 });
  onTestFinished(() => kv.close());
  return kv;
}

describe('a file of Deno KV, shared by processes', () => {
  test('loses no count of two of Deno and two of Node.js that make it at the same time', async () => {
    const file = await temporaryFile();
    const counters = ([OTHER, 'node', OTHER, 'node'] as const).map((runtime) => start('count', file, '100', runtime));
    const ends = await Promise.all(counters.map(({ ended }) => ended));
    expect(ends).toEqual(counters.map(() => ({ code: 0, signal: null, stderr: '' })));
    expect(await readCount(await open(file))).toBe(400);
  });

  test.each(RUNTIMES)(
    'holds a whole number of commits, all of those confirmed, wherever %s is killed',
    async (runtime) => {
      const file = await temporaryFile();
      let newest = 0;
      for (let round = 0; round < 4; round += 1) {
        const writer = start('commit', file, '', runtime);
        const enough = newest + 1 + Math.floor(Math.random() * 40);
        let confirmed = newest;
        while (confirmed < enough) confirmed = Number(await writer.line());
        // Somewhere in one of the commits that follow.
        writer.kill('SIGKILL');
        for (let line = await writer.line(); line !== undefined; line = await writer.line()) confirmed = Number(line);
        expect(await writer.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
        const kv = await denoKv(file);
        newest = await checkCommits(kv);
        // The last commit may have been made without a chance to say so.
        expect([confirmed, confirmed + 1]).toContain(newest);
        await kv.close();
      }
    },
  );

  test('tells a watch of what another process commits', async () => {
    const file = await temporaryFile();
    const kv = await open(file);
    const counted = firstValueFrom(
      kv.watch(['count']).pipe(
        switchMap(() => from(readCount(kv))),
        filter((count) => count === 3),
      ),
    );
    start('count', file, '3', OTHER);
    expect(await counted).toBe(3);
  });

  test.each(RUNTIMES)('tells a watch in %s of what this process commits', async (runtime) => {
    const file = await temporaryFile();
    const kv = await open(file);
    const watcher = start('watch', file, '', runtime);
    expect(await watcher.line()).toBe('0');
    await countUp(kv);
    let seen: string | undefined = '0';
    while (seen === '0') seen = await watcher.line();
    expect(seen).toBe('1');
  });

  test.each(RUNTIMES)('lets %s end once it is closed, and while it is only watched', async (runtime) => {
    const closed = start('closed', await temporaryFile(), '', runtime);
    expect([await closed.line(), await closed.line()]).toEqual(['complete', 'closed']);
    expect(await closed.ended).toEqual({ code: 0, signal: null, stderr: '' });
    const idle = start('idle', await temporaryFile(), '', runtime);
    expect(await idle.line()).toBe('idle');
    expect(await idle.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });

  test('is busy while another process keeps it locked, can be read, and goes on after it', async () => {
    const file = await temporaryFile();
    const kv = await open(file);
    await countUp(kv);
    const other = lock(file);
    expect(await other.line()).toBe('locked');
    await expect(countUp(kv)).rejects.toMatchObject({ name: 'StoreError', failure: 'busy', retryable: true });
    expect(await readCount(kv)).toBe(1);
    const waiting = countUp(kv);
    other.tell('free it');
    expect(await waiting).toBe(2);
  });

  test('is closed although another process keeps it locked', async () => {
    const file = await temporaryFile();
    const kv = await open(file);
    await countUp(kv);
    expect(await lock(file).line()).toBe('locked');
    const waiting = Promise.allSettled([countUp(kv)]);
    await kv.close();
    expect(await waiting).toMatchObject([{ status: 'rejected', reason: { name: 'ClosedError' } }]);
  });

  test.each(RUNTIMES)('takes in %s all that its limits allow at once', async (runtime) => {
    const filling = start('fill', await temporaryFile(), '', runtime);
    expect(await filling.line()).toBe('0 0 true');
    expect(await filling.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });

  test('takes a pull of Deno and one of Node.js at the same time, and is faithful to their source', async () => {
    const server = await startServer();
    onTestFinished(() => server.close());
    const source = await createDatabase(server.url);
    await source.replicate([...smallDocuments(2000), ...generations]);
    const file = await temporaryFile();
    const pulls = ([OTHER, 'node'] as const).map((runtime) => start('pull', file, source.url, runtime));
    const ends = await Promise.all(pulls.map(({ ended }) => ended));
    expect(ends).toEqual(pulls.map(() => ({ code: 0, signal: null, stderr: '' })));
    await expectFaithful(await openReplica(await open(file), 'recipes'), source);
  });

  test('lets jobs all end, each by one worker at a time, while workers of Deno and of Node.js are killed and stopped', {
    timeout: 300_000,
  }, async () => {
    console.log(`Workers on one Deno KV killed and stopped by chance: ${replay}`);
    const [file, timeout] = [await temporaryFile(), 1500];
    const kv = await open(file);
    const queue = createQueue(kv);
    await queue.defineType('task', { timeout, maxAttempts: Number.POSITIVE_INFINITY });
    const ids = Array.from({ length: 100 }, (_, index) => `job ${index}`);
    await queue.addAll(
      'task',
      ids.map((id) => ({ id, data: {} })),
    );
    let started = 0;
    const { kills, stops } = await harass({
      chance: new Chance(seed),
      workers: 4,
      start() {
        started += 1;
        const worker = start('work', file, 'task', started % 2 === 0 ? 'node' : OTHER);
        let isReady = false;
        const listen = async (): Promise<void> => {
          while ((await worker.line()) !== undefined) isReady = true;
        };
        void listen();
        return {
          get isReady() {
            return isReady;
          },
          kill: () => worker.kill('SIGKILL'),
          stop: () => worker.kill('SIGSTOP'),
          goOn: () => worker.kill('SIGCONT'),
        };
      },
      async hasWork() {
        const { pending, running } = await queue.counts('task');
        return pending + running > 0;
      },
      acts: 6,
      peace: 500,
      stopped: 4 * timeout,
      timeout,
    });
    expect(complaintsAbout(await findJobs(queue, kv, 'task', ids))).toEqual([]);
    expect(kills + stops).toBeGreaterThanOrEqual(3);
  });
});
