import { filter, firstValueFrom, from, switchMap } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { isThere, leftOutLine } from '../../run/left-out.ts';
import { type ChildProgram, type Runtime, startProgram } from '../../support/child-program.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { checkCommits, countUp, readCount } from './commits.ts';

const RUNTIMES: readonly Runtime[] = ['node', 'deno', 'bun'];
const present = new Set<Runtime>(['node']);
for (const runtime of ['deno', 'bun'] as const) {
  if (await isThere(runtime)) present.add(runtime);
  else console.log(leftOutLine('stores shared by processes', runtime));
}

function start(what: string, directory: string, argument = '', runtime: Runtime = 'node'): ChildProgram {
  return startProgram(new URL('./store-program.ts', import.meta.url), [what, directory, argument], runtime);
}

describe('a store in a directory, shared by processes', () => {
  test.for([
    ['node', 'node', 'node', 'node', 'node'],
    ['node', 'node', 'node', 'deno', 'bun'],
  ] as const)(
    'loses no count of processes that make it at the same time (%s, %s, %s, %s, %s)',
    async (runtimes, { skip }) => {
      skip(runtimes.some((runtime) => !present.has(runtime)));
      const directory = await temporaryDirectory();
      const counters = runtimes.map((runtime) => start('count', directory, '200', runtime));
      const ends = await Promise.all(counters.map(({ ended }) => ended));
      expect(ends).toEqual(counters.map(() => ({ code: 0, signal: null, stderr: '' })));
      const kv = await fsKv(directory, { readOnly: true });
      expect(await readCount(kv)).toBe(1000);
      await kv.close();
    },
  );

  test('holds a whole number of commits, all of those confirmed, wherever a process is killed', async () => {
    const directory = await temporaryDirectory();
    let newest = 0;
    for (let round = 0; round < 10; round += 1) {
      const writer = start('commit', directory);
      const enough = newest + 1 + Math.floor(Math.random() * 40);
      let confirmed = newest;
      while (confirmed < enough) confirmed = Number(await writer.line());
      // Somewhere in one of the commits that follow.
      writer.kill('SIGKILL');
      for (let line = await writer.line(); line !== undefined; line = await writer.line()) confirmed = Number(line);
      expect(await writer.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      const kv = await fsKv(directory);
      newest = await checkCommits(kv);
      // The last commit may have been made without a chance to say so.
      expect([confirmed, confirmed + 1]).toContain(newest);
      await kv.close();
    }
  });

  test('is busy while a process stands still inside a commit, can be read, and goes on after it', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    await countUp(kv);
    const stopped = start('stop', directory);
    expect(await stopped.line()).toBe('stopping');
    await expect(countUp(kv)).rejects.toMatchObject({ name: 'StoreError', failure: 'busy' });
    expect(await readCount(kv)).toBe(1);
    const waiting = countUp(kv);
    stopped.kill('SIGCONT');
    expect(await waiting).toBe(2);
    expect(await stopped.line()).toBe('went on');
    expect(await kv.read([['stopped']])).toMatchObject([{ value: Uint8Array.of(1) }]);
    await kv.close();
  });

  test('tells a watch of what another process commits', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    const counted = firstValueFrom(
      kv.watch(['count']).pipe(
        switchMap(() => from(readCount(kv))),
        filter((count) => count === 3),
      ),
    );
    start('count', directory, '3');
    expect(await counted).toBe(3);
    await kv.close();
  });

  test.for(RUNTIMES)('tells a watch in %s of what this process commits', async (runtime, { skip }) => {
    skip(!present.has(runtime));
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    const watcher = start('watch', directory, '', runtime);
    expect(await watcher.line()).toBe('0');
    await countUp(kv);
    let seen: string | undefined = '0';
    while (seen === '0') seen = await watcher.line();
    expect(seen).toBe('1');
    await kv.close();
  });

  test.for(RUNTIMES)('lets %s end while it is open and watched, without a warning', async (runtime, { skip }) => {
    skip(!present.has(runtime));
    const idle = start('idle', await temporaryDirectory(), '', runtime);
    expect(await idle.line()).toBe('idle');
    expect(await idle.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });
});
