/**
 * A worker that pulls, in a process of its own: `demo/jobs/main.ts` forks it with the directory of the store and a name. It works
 * until it is disconnected, or killed.
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue, openReplica, pullJob, work } from '../../src/index.ts';

const [directory = '', workerId = ''] = process.argv.slice(2);
const leaving = new AbortController();
const { signal } = leaving;
process.once('disconnect', () => leaving.abort());

const kv = await fsKv(directory);
const handler = pullJob({ open: (name) => openReplica(kv, name) });
try {
  // What becomes of the jobs stands in the store, for everybody to see.
  for await (const _ of work(createQueue(kv), 'pull', handler, { workerId, signal }));
} catch (error) {
  if (!signal.aborted) throw error;
} finally {
  await kv.close();
}
