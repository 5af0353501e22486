import { Writable } from 'node:stream';
import { run } from '../../../adapters/cli/program.ts';

/** What a command line came to. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The output as JSON, a line each. */
  readonly lines: Record<string, unknown>[];
}

/** Runs a command line in this process, its streams caught. */
export async function runCli(
  args: readonly string[],
  {
    environment = {},
    signal = new AbortController().signal,
    folder,
  }: { environment?: Record<string, string>; signal?: AbortSignal; folder?: string } = {},
): Promise<CliResult> {
  const stdout = new Caught();
  const stderr = new Caught();
  const code = await run(args, '0.0.0-test', {
    stdout,
    stderr,
    environment,
    signal,
    ...(folder === undefined ? {} : { folder }),
  });
  return {
    code,
    stdout: stdout.text,
    stderr: stderr.text,
    get lines() {
      return stdout.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

class Caught extends Writable {
  text = '';

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
