#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Interruption } from './context.ts';
import { run } from './program.ts';
import { keepYoungGenerationSmall } from './young-generation.ts';

keepYoungGenerationSmall();

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second one ends the process at once, as it would without this.
  process.once(signal, () => interrupted.abort(new Interruption(signal)));
}
process.stdout.on('error', () => {
  // Reported where it is written.
});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
process.exitCode = await run(process.argv.slice(2), version, {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: interrupted.signal,
});
