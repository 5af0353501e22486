/**
 * The suites of the store that browsers have, of a replica over it and of jobs in it, as a program for a page or a worker. What it prints is
 * posted to whoever started it.
 *
 * @module
 */

import { createIndexedDbStore, indexedDbCandidate } from './indexeddb.ts';
import { jobsSuite } from './jobs.ts';
import { liveSuite } from './live.ts';
import { replicaCandidate } from './replica.ts';
import { runSuites } from './run.ts';
import { storeSuite } from './store.ts';
import { targetSuite } from './target.ts';

const channel = new BroadcastChannel('suites');
console.log = (...said: unknown[]) => channel.postMessage(said.map(textOf).join(' '));

await runSuites({
  indexedDbKv: storeSuite(indexedDbCandidate),
  'A replica over indexedDbKv': targetSuite(replicaCandidate(createIndexedDbStore)),
  'A replica over indexedDbKv, read live,': liveSuite(createIndexedDbStore),
  'Jobs over indexedDbKv': jobsSuite(createIndexedDbStore),
});

function textOf(said: unknown): string {
  return said instanceof Error ? `${said.name}: ${said.message}\n${said.stack ?? ''}` : String(said);
}
