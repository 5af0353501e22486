/**
 * `npm run soak`: the tests of faults and of memory at their full size, by a seed that is printed. SEED runs one again.
 *
 * @module
 */
import process from 'node:process';
import { run } from '../run/command.ts';

process.env['SOAK'] = '1';
// Every test file draws from the same seed.
process.env['SEED'] ??= String(Math.floor(Math.random() * 2 ** 31));
console.log(`SEED=${process.env['SEED']} npm run soak`);
const { exitCode } = await run('vitest', ['run', '--config', 'test/vitest.config.ts', 'test/faults', 'test/bench']);
process.exitCode = exitCode;
