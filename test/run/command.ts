import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** How a command ended, and what it said. */
export interface Outcome {
  /** 0 when all went well; 1 also for a command that a signal or the time limit ended, or that could not be started. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  /** Keeps the output to the outcome, instead of also passing it on as it comes. */
  readonly quiet?: boolean;
  /** Where it runs; the current directory by default. */
  readonly directory?: string;
}

/** Minutes after which a command is taken to hang. */
const LIMIT_MINUTES = 30;

const PATH = [join(process.cwd(), 'node_modules', '.bin'), process.env['PATH']].join(delimiter);

/** Runs a command of `node_modules/.bin` or of the machine to its end. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { quiet = false, directory = process.cwd() } = options;
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MINUTES * 60_000,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<Pick<Outcome, 'exitCode' | 'stderr'>>((resolve) => {
    child.on('error', (error) =>
      resolve({ exitCode: 1, stderr: `${command} could not be started: ${error.message}\n` }),
    );
    child.on('close', (code) => resolve({ exitCode: code ?? 1, stderr: '' }));
  });
  const [end, stdout, stderr] = await Promise.all([
    ended,
    collect(child.stdout, quiet ? undefined : process.stdout),
    collect(child.stderr, quiet ? undefined : process.stderr),
  ]);
  if (!quiet) process.stderr.write(end.stderr);
  return { exitCode: end.exitCode, stdout, stderr: stderr + end.stderr };
}

async function collect(from: Readable, to: Writable | undefined): Promise<string> {
  if (to !== undefined) from.pipe(to, { end: false });
  return text(from);
}
