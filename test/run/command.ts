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

/** Minutes after which a command is taken to hang. */
const LIMIT_MINUTES = 30;

const environment = {
  ...process.env,
  PATH: [join(process.cwd(), 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
};

/** Runs a command of `node_modules/.bin` or of the machine, passing its output on as it comes unless that is not wanted. */
export async function run(command: string, args: readonly string[], { quiet = false } = {}): Promise<Outcome> {
  const child = spawn(command, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MINUTES * 60_000,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      if (!quiet) console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    ended,
    collect(child.stdout, quiet ? undefined : process.stdout),
    collect(child.stderr, quiet ? undefined : process.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

async function collect(from: Readable, to: Writable | undefined): Promise<string> {
  if (to !== undefined) from.pipe(to, { end: false });
  return text(from);
}
