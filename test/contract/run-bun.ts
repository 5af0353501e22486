/**
 * The suites of the stores that Bun has, of targets and of jobs: `bun run test/contract/run-bun.ts`.
 *
 * @module
 */
import { denoKvCandidate, denoKvInMemory } from './deno-kv.ts';
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
  ...Object.fromEntries(tiny),
});
process.exitCode = failed === 0 ? 0 : 1;
