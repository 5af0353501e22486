/**
 * The suites of the stores that Deno has, and of a replica: `deno run -A test/contract/run-deno.ts`.
 *
 * @module
 */
import { createFsStore, fsCandidate } from './fs.ts';
import { memoryCandidate } from './memory.ts';
import { replicaCandidate } from './replica.ts';
import { runSuites } from './run.ts';
import { storeSuite } from './store.ts';
import { targetSuite } from './target.ts';

const failed = await runSuites({
  memoryKv: storeSuite(memoryCandidate()),
  fsKv: storeSuite(fsCandidate),
  'A replica over fsKv': targetSuite(replicaCandidate(createFsStore)),
});
process.exitCode = failed === 0 ? 0 : 1;
