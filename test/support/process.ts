import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A program of ours in a process of its own. Whoever starts it ends it. */
export interface Process {
  /** What it prints, line by line; ends with the process. */
  readonly lines: AsyncIterator<string, unknown>;
  kill(): void;
  readonly ended: Promise<ProcessEnd>;
}

/** Starts a program under the Node.js that runs this. */
export function startProcess(program: URL, args: readonly string[], nodeOptions: readonly string[] = []): Process {
  const child = spawn(process.execPath, [...nodeOptions, fileURLToPath(program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr = text(child.stderr);
  const closed = new Promise<Omit<ProcessEnd, 'stderr'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    kill: () => void child.kill('SIGKILL'),
    ended: Promise.all([closed, stderr]).then(([end, written]) => ({ ...end, stderr: written })),
  };
}

/**
 * The next line that a process prints.
 *
 * @throws Error when it ends without one, with what it said on stderr
 */
export async function nextLine({ lines, ended }: Process): Promise<string> {
  const next = await lines.next();
  if (next.done !== true) return next.value;
  const { code, signal, stderr } = await ended;
  throw new Error(`A process ended without an answer, ${signal ?? `code ${code}`}: ${stderr}`);
}
