import { expect } from 'vitest';
import type { JsonObject } from '../../src/core/json-value.ts';
import { decodeJson } from '../../src/kv/json.ts';
import type { Key, Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';

/** What of a store is no job, and follows from none. */
const OTHERS = new Set(['type', 'job', 'worker', 'monitor', 'signal']);

/**
 * Holds what is stored of all jobs against itself: what a job is found by says the same as its record, and a lock is held exactly
 * while it runs.
 */
export async function expectConsistency(kv: Kv): Promise<void> {
  const wanted: Key[] = [];
  const found: Key[] = [];
  for await (const { key, value } of list(kv, { prefix: ['jobs'] })) {
    const [, kind, type, id] = key;
    if (kind === 'job') {
      const record = decodeJson(value) as JsonObject;
      wanted.push(...keysOf(String(type), String(id), record));
      expect([id, record['lock'] !== null, record['workerId'] !== null]).toEqual(
        record['state'] === 'running' ? [id, true, true] : [id, false, false],
      );
      expect([id, record['endedAt'] === null]).toEqual([id, ['pending', 'running'].includes(String(record['state']))]);
    } else if (!OTHERS.has(String(kind))) found.push(key);
  }
  expect(new Set(found.map(String))).toEqual(new Set(wanted.map(String)));
}

function keysOf(type: string, id: string, job: JsonObject): Key[] {
  const { state, readyAt, runAt, priority, endedAt, cancelRequested } = job;
  if (state === 'running')
    return [['jobs', 'run', type, id], ...(cancelRequested === true ? [['jobs', 'cancelling', type, id]] : [])];
  if (state !== 'pending') return [['jobs', 'ended', type, Number(endedAt), id]];
  if (readyAt === null) return [['jobs', 'scheduled', type, Number(runAt), id]];
  return [['jobs', 'ready', type, Number(priority), Number(readyAt), id]];
}

/** Every key of a store with what is there, and its version: what is the same was not written. */
export async function everythingIn(kv: Kv): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  for await (const { key, value, version } of list(kv, { prefix: [] }))
    all.set(key.join(' '), `${version} ${new TextDecoder().decode(value)}`);
  return all;
}
