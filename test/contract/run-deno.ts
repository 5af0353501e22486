/**
 * The suites of the stores that Deno has, of targets and of jobs: `deno run -A --unstable-kv test/contract/run-deno.ts`.
 *
 * @module
 */
import { createDenoKvStore, denoKvCandidate, denoKvGiven, denoKvInMemory } from './deno-kv.ts';
import { createFsStore, fsCandidate } from './fs.ts';
import { jobsSuite } from './jobs.ts';
import { liveSuite } from './live.ts';
import { memoryCandidate } from './memory.ts';
import { replicaCandidate } from './replica.ts';
import { runSuites } from './run.ts';
import { storeSuite } from './store.ts';
import { targetSuite } from './target.ts';
import { tinyCandidates } from './tiny.ts';

const tiny = Object.entries(tinyCandidates).map(([name, candidate]) => [name, targetSuite(candidate)] as const);
const failed = await runSuites({
  memoryKv: storeSuite(memoryCandidate()),
  fsKv: storeSuite(fsCandidate),
  'A replica over fsKv': targetSuite(replicaCandidate(createFsStore)),
  'A replica over fsKv, read live,': liveSuite(createFsStore),
  'Jobs over fsKv': jobsSuite(createFsStore),
  'denoKv in a file': storeSuite(denoKvCandidate),
  'denoKv in memory': storeSuite(denoKvInMemory),
  'denoKv that is given': storeSuite(denoKvGiven),
  'A replica over denoKv': targetSuite(replicaCandidate(createDenoKvStore)),
  'A replica over denoKv, read live,': liveSuite(createDenoKvStore),
  'Jobs over denoKv': jobsSuite(createDenoKvStore),
  ...Object.fromEntries(tiny),
});
process.exitCode = failed === 0 ? 0 : 1;
