/**
 * `npm run soak`: the tests of faults and of memory at their full size, by a seed that is printed. SEED runs one again, ROUNDS
 * says how many runs by chance there are, and names of test files after `--` choose among them.
 *
 * @module
 */
import process from 'node:process';
import { run } from '../run/command.ts';

const named = process.argv.slice(2);
const files = named.length > 0 ? named : ['test/faults', 'test/bench'];
process.env['SOAK'] = '1';
// Every test file draws from the same seed.
process.env['SEED'] ??= String(Math.floor(Math.random() * 2 ** 31));
console.log(`SEED=${process.env['SEED']} npm run soak${named.length > 0 ? ` -- ${named.join(' ')}` : ''}`);
const { exitCode } = await run('vitest', ['run', '--config', 'test/vitest.config.ts', ...files]);
process.exitCode = exitCode;
