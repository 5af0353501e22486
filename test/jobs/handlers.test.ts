import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json-value.ts';
import { handlerIn, jobHandlers } from '../../src/jobs/handlers.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import type { Plugin } from '../../src/registry/registry.ts';
import { constant } from '../../src/registry/sources/constant.ts';

const TYPE = 'task';

/** A plugin whose handler tells its name. */
function teller(name: string, order?: number): Plugin {
  const handler = async (): Promise<JsonObject> => ({ by: name });
  return {
    name,
    setup: (registry) => {
      registry.contribute(jobHandlers, constant({ [TYPE]: { handler } }), order === undefined ? {} : { order });
    },
  };
}

test('jobs are worked on by the first handler that plugins bring, and by another from the next job on', async () => {
  const registry = createRegistry();
  const queue = createQueue(memoryKv());
  await queue.defineType(TYPE, { backoff: { base: 0, cap: 0 } });
  const working = work(queue, TYPE, handlerIn(registry, TYPE)).subscribe();
  const by = async (id: string): Promise<unknown> => {
    await queue.add(TYPE, id, {});
    return (await queue.wait(TYPE, id))?.info['by'];
  };
  const first = registry.use(teller('first'));
  expect(await by('a')).toBe('first');
  registry.use(teller('later'));
  expect(await by('b')).toBe('first');
  const before = registry.use(teller('before', -1));
  expect(await by('c')).toBe('before');
  before.dispose();
  first.dispose();
  expect(await by('d')).toBe('later');
  working.unsubscribe();
});

test('a job of a type that nobody handles fails, and says why', async () => {
  const queue = createQueue(memoryKv());
  await queue.defineType(TYPE, { maxAttempts: 1 });
  await queue.add(TYPE, 'a', {});
  const working = work(queue, TYPE, handlerIn(createRegistry(), TYPE)).subscribe();
  expect(await queue.wait(TYPE, 'a')).toMatchObject({ state: 'dead', error: expect.stringContaining('"task"') });
  working.unsubscribe();
});
