import { describe, expect, test } from 'vitest';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import { memoryKv } from '../../src/kv/memory.ts';

describe('smoke', () => {
  test('works', async () => {
    const queue = createQueue(memoryKv());
    await queue.defineType('greet', { timeout: 300, backoff: { base: 1, cap: 5 } });
    await queue.add('greet', 'first', { name: 'Ada' });
    await queue.add('greet', 'second', { name: 'B' }, { runAt: Date.now() + 200, priority: 1 });
    await queue.add('greet', 'bad', { bad: true });
    await queue.add('greet', 'long', { long: true });
    const events: unknown[] = [];
    const working = work(
      queue,
      'greet',
      async (job, { signal }) => {
        if (job.data['bad'] && job.attempt < 3) throw new Error('bad');
        if (job.data['long'])
          await new Promise((_, j) => {
            signal.addEventListener('abort', () => j(signal.reason));
          });
        return { said: `Hello ${job.data['name']}` };
      },
      { concurrency: 4 },
    ).subscribe((e) => events.push(e));
    expect((await queue.wait('greet', 'first'))?.info).toEqual({ said: 'Hello Ada' });
    expect((await queue.wait('greet', 'second'))?.state).toBe('finished');
    expect(await queue.wait('greet', 'bad')).toMatchObject({ state: 'finished', attempt: 3 });
    await queue.cancel('greet', 'long');
    expect(await queue.wait('greet', 'long')).toMatchObject({ state: 'cancelled' });
    expect(await queue.counts('greet')).toEqual({ pending: 0, running: 0, finished: 3, cancelled: 1, dead: 0 });
    working.unsubscribe();
    expect(await queue.rebuild('greet')).toBe(0);
    console.log(events.map((e) => `${(e as { type: string }).type} ${(e as { id: string }).id}`).join('; '));
  });
});
