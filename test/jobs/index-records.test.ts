import { describe, expect, test } from 'vitest';
import { isStoreError } from '../../src/core/errors.ts';
import type { Job } from '../../src/jobs/job.ts';
import { keyOf } from '../../src/jobs/layout.ts';
import { encodeJson } from '../../src/kv/json.ts';
import type { Key } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { AlteredStore } from './altered-store.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { PATIENCE, type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

/** Leads to jobs that are not there, or are something else. */
const orphans: [Key, Uint8Array][] = ['gone', 'finished', 'pending'].flatMap((id): [Key, Uint8Array][] => [
  [keyOf.ready(TYPE, 0, 5, id), encodeJson({ runAt: 0 })],
  [keyOf.scheduled(TYPE, 7, id), new Uint8Array()],
  [keyOf.run(TYPE, id), encodeJson('lock')],
  [keyOf.cancelling(TYPE, id), new Uint8Array()],
  [keyOf.ended(TYPE, 9, id), encodeJson('finished')],
]);

describe('What a job is found by', () => {
  test('is cleaned up by who accepts and who watches, where it leads nowhere', async () => {
    const timed = await filled();
    await put(
      timed,
      orphans.filter(([[, kind]]) => kind !== 'ended'),
    );
    const accepted: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) accepted.push((await timed.queue.accept(TYPE))?.id);
    expect(accepted).toEqual(['pending', undefined, undefined, undefined]);
    const stop = timed.watch();
    await timed.pass(2 * PATIENCE);
    await stop();
    await expectConsistency(timed.kv);
    expect(await timed.queue.counts(TYPE)).toEqual({ pending: 3, running: 0, finished: 1, cancelled: 1, dead: 0 });
  });

  test.each([
    ['a large store', {}],
    ['a store of small limits', denoKvLimits],
  ])('is made anew in %s from nothing but the jobs, and a second time nothing is left to do', async (_, limits) => {
    const timed = await filled(limits);
    const right = await indexOf(timed);
    await put(timed, orphans);
    const indices: Key[] = [];
    for (const kind of ['ready', 'scheduled', 'run', 'cancelling', 'ended'])
      for await (const { key } of list(timed.kv, { prefix: ['jobs', kind] })) indices.push(key);
    await timed.kv.update([], () => ({ delete: indices.filter((_, at) => at % 2 === 0), result: undefined }));
    expect(await timed.queue.rebuild(TYPE)).toBeGreaterThan(orphans.length / 2);
    await expectConsistency(timed.kv);
    expect(await indexOf(timed)).toEqual(right);
    const before = await everythingIn(timed.kv);
    expect(await timed.queue.rebuild(TYPE)).toBe(0);
    expect(await everythingIn(timed.kv)).toEqual(before);
  });

  test('is made anew while others work, and nobody loses anything', async () => {
    const timed = await filled();
    const job = await timed.queue.accept(TYPE);
    const [righted] = await Promise.all([
      timed.queue.rebuild(TYPE),
      job?.update({ done: 1 }),
      timed.queue.add(TYPE, 'new', {}),
      job?.finish(),
    ]);
    expect(righted).toBe(0);
    await expectConsistency(timed.kv);
  });
});

test('Every operation is one commit: a power cut leaves all of it or nothing', async () => {
  const store = new AlteredStore();
  const { queue, now } = await timedQueue({ kv: store.kv });
  let held: Job | undefined;
  const operations: [string, () => Promise<unknown>][] = [
    ['add', () => queue.add(TYPE, 'a', {})],
    ['move', () => queue.add(TYPE, 'a', {}, { runAt: now() + 5 })],
    ['move back', () => queue.add(TYPE, 'a', {})],
    [
      'accept',
      async () => {
        held = await queue.accept(TYPE);
      },
    ],
    ['heartbeat', async () => held?.update()],
    ['update', async () => held?.update({ done: 1 })],
    ['resubmit', async () => held?.resubmit()],
    ['guard', async () => held?.guard([], () => ({ set: [[['own'], new Uint8Array()]], result: undefined }))],
    ['ask to stop', () => queue.cancel(TYPE, 'a')],
    ['finish', async () => held?.finish()],
    ['retry', () => queue.retry(TYPE, 'a')],
    ['cancel', () => queue.cancel(TYPE, 'a')],
    ['remove', () => queue.remove(TYPE, 'a')],
  ];
  for (const [name, act] of operations) {
    const before = store.commits;
    await act();
    expect([name, store.commits - before]).toEqual([name, 1]);
    await expectConsistency(store.under);
  }
});

test('Reading writes nothing', async () => {
  const store = new AlteredStore();
  const { queue } = await timedQueue({ kv: store.kv });
  await queue.add(TYPE, 'a', {});
  const before = store.commits;
  await queue.get(TYPE, 'a');
  await queue.list(TYPE);
  await queue.counts(TYPE);
  await queue.types();
  await queue.wait(TYPE, 'a', ['pending']);
  for await (const _ of queue.state$(TYPE, 'a')) break;
  for await (const _ of queue.jobs$(TYPE)) break;
  for await (const _ of queue.workers$(TYPE)) break;
  expect(store.commits).toBe(before);
});

test.each([
  ['newer', encodeJson({ form: 2, state: 'pending', seq: 1 })],
  ['corrupt', encodeJson({ form: 1 })],
  ['corrupt', encodeJson(['x'])],
])('A record that is %s is left alone', async (failure, value) => {
  const timed = await timedQueue();
  await put(timed, [[keyOf.job(TYPE, 'a'), value]]);
  const before = await everythingIn(timed.kv);
  for (const act of [
    () => timed.queue.add(TYPE, 'a', {}),
    () => timed.queue.get(TYPE, 'a'),
    () => timed.queue.cancel(TYPE, 'a'),
    () => timed.queue.list(TYPE),
  ])
    await expect(act()).rejects.toSatisfy((error) => isStoreError(error) && error.failure === failure);
  expect(await everythingIn(timed.kv)).toEqual(before);
});

async function filled(limits = {}): Promise<TimedQueue> {
  const timed = await timedQueue({ kv: memoryKv({ limits }) });
  const { queue, now } = timed;
  await queue.add(TYPE, 'finished', {}, { priority: 0 });
  await (await queue.accept(TYPE))?.finish();
  await queue.add(TYPE, 'stopping', {}, { priority: 0 });
  await queue.accept(TYPE);
  await queue.cancel(TYPE, 'stopping');
  await queue.add(TYPE, 'running', {}, { priority: 0 });
  await queue.accept(TYPE);
  await queue.add(TYPE, 'scheduled', {}, { runAt: now() + 1e9 });
  await queue.add(TYPE, 'pending', {});
  return timed;
}

function put({ kv }: TimedQueue, pairs: readonly (readonly [Key, Uint8Array])[]): Promise<void> {
  return kv.update([], () => ({ set: pairs, result: undefined }));
}

/** Keys and values of what jobs are found by. */
async function indexOf({ kv }: TimedQueue): Promise<string[]> {
  const index: string[] = [];
  for await (const { key, value } of list(kv, { prefix: ['jobs'] })) {
    if (['job', 'type', 'signal', 'monitor'].includes(String(key[1]))) continue;
    index.push(`${key.join(' ')} ${new TextDecoder().decode(value)}`);
  }
  return index;
}
