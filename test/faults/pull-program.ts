/**
 * `couchtide pull <database url> <directory> --json` from the sources, in a process that can be killed.
 *
 * @module
 */
import process from 'node:process';
import { run } from '../../adapters/cli/program.ts';

process.exitCode = await run(['pull', ...process.argv.slice(2), '--json'], '0.0.0-test', {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: new AbortController().signal,
});
