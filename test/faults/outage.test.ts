import { expect, onTestFinished, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { startProgram } from '../support/child-program.ts';
import { generations } from '../support/documents.ts';
import { pacedClock } from '../support/paced-clock.ts';
import { arrival, reaches, statesOf } from '../support/pull-watch.ts';
import { isSoak } from './scale.ts';

/** How many times as fast the half minute passes. */
const PACE = isSoak ? 1 : 10;

test('a live pull goes on by itself when the process of its server ended and was started again half a minute later', {
  timeout: 180_000,
}, async () => {
  const clock = pacedClock(PACE);
  const first = startServerProcess(0);
  const url = await first.line();
  const source = couch.db(`${url}/source`, { platform: clock.platform });
  const replica = await openReplica(memoryKv(), 'source');
  const running = pull(source, replica, { mode: 'continuous', platform: clock.platform });
  onTestFinished(() => running.stop());
  const states = statesOf(running);
  await running.caughtUp;
  expect(running.status()).toMatchObject({ docsRead: 200 + generations.length });

  first.kill('SIGKILL');
  await first.ended;
  await reaches(running, 'offline');
  await clock.platform.sleep(30_000);
  expect(running.status().state).toBe('offline');

  const second = startServerProcess(Number(new URL(url ?? '').port));
  expect(await second.line()).toBe(url);
  await put(`${url}/source/after`);
  await arrival(running, replica, 'after');
  await reaches(running, 'live');
  expect(states).toEqual(['starting', 'live', 'offline', 'live']);
  // It went on where it was: nothing that was there is read again.
  expect(running.status()).toMatchObject({ docsRead: 201 + generations.length, docsFailed: 0 });
});

function startServerProcess(port: number) {
  return startProgram(new URL('./server-program.ts', import.meta.url), [`${port}`, `${PACE}`]);
}

async function put(url: string): Promise<void> {
  const response = await fetch(url, { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } });
  expect(response.status).toBe(201);
}
