/**
 * The suites of the stores that Deno has: `deno run -A test/contract/run-deno.ts`.
 *
 * @module
 */
import { fsCandidate } from './fs.ts';
import { memoryCandidate } from './memory.ts';
import { runSuites } from './run.ts';
import { storeSuite } from './store.ts';

const failed = await runSuites({ memoryKv: storeSuite(memoryCandidate()), fsKv: storeSuite(fsCandidate) });
process.exitCode = failed === 0 ? 0 : 1;
