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

/** Where a command line runs. */
export interface CliSurroundings {
  readonly environment?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly folder?: string;
  /** Sees what is written on the output when it is; what it throws, writing has failed with. */
  readonly onOutput?: (text: string) => void;
  /** Whether the error stream is a terminal. */
  readonly isTTY?: boolean;
}

/** Runs a command line in this process, its streams caught. */
export async function runCli(
  args: readonly string[],
  { environment = {}, signal = new AbortController().signal, folder, onOutput, isTTY = false }: CliSurroundings = {},
): Promise<CliResult> {
  const stdout = new Caught(onOutput);
  const stderr = Object.assign(new Caught(), { isTTY, columns: 80 });
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
  readonly #onText: (text: string) => void;

  constructor(onText: (text: string) => void = () => {}) {
    super();
    this.#onText = onText;
    // Who writes hears of it.
    this.on('error', () => {});
  }

  override _write(chunk: Buffer | string, _encoding: string, done: (error?: Error) => void): void {
    const text = chunk.toString();
    this.text += text;
    try {
      this.#onText(text);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
