import { stripVTControlCharacters } from 'node:util';
import { run } from './command.ts';

/** Whether a runtime of `node_modules/.bin`, or of the machine, can be started here. */
export async function isThere(runtime: string): Promise<boolean> {
  const { exitCode } = await run(runtime, ['--version'], { quiet: true });
  return exitCode === 0;
}

/** The line that tells of a suite whose runtime is not there; `npm test` repeats such lines at its end. */
export function leftOutLine(suite: string, runtime: string): string {
  return `left out: ${suite}: ${runtime} does not run here`;
}

/** The lines of an output that tell what was left out, whatever colours surround them. */
export function leftOutLines(output: string): string[] {
  return stripVTControlCharacters(output)
    .split('\n')
    .filter((line) => line.startsWith('left out: '));
}
