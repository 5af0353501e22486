import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The runtimes that run our TypeScript as it is, and how. */
const RUNTIMES = {
  node: ['node'],
  deno: ['deno', 'run', '--no-lock', '--cached-only', '--unstable-kv', '-A'],
  bun: ['bun', 'run'],
} as const;

export type Runtime = keyof typeof RUNTIMES;

/** How a program ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A program of ours in a process of its own, which ends with the test at the latest. */
export interface ChildProgram {
  /** Its next line on stdout; `undefined` after the last one. */
  line(): Promise<string | undefined>;
  /** Writes a line to its stdin. */
  tell(line: string): void;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<End>;
}

/** Starts a program. */
export function startProgram(program: URL, args: readonly string[], runtime: Runtime = 'node'): ChildProgram {
  const [command, ...options] = RUNTIMES[runtime];
  const child = spawn(command, [...options, fileURLToPath(program), ...args]);
  const ended = endOf(child);
  onTestFinished(async () => {
    // SIGKILL ends what is stopped, too.
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  const stderr = text(child.stderr);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      stderr.then((written) => resolve({ code, signal, stderr: written }), reject);
    });
  });
}
