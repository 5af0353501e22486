import type { Writable } from 'node:stream';

/** What a command has of the world: the process' own streams and environment, or a test's. */
export interface Context {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** Where plugins are looked for. Default: the folder that the process runs in. */
  readonly folder?: string;
}

/** Why a command is to end: the reason of its context's signal. */
export class Interruption extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** How a command ended, as the shell sees it. */
export const ExitCode = {
  done: 0,
  /** Some documents are on record as failed, or a scan has found something. */
  found: 1,
  /** The command could not do its job. */
  failed: 2,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Writes, and waits until the reader has taken enough of it for more. */
export async function write(stream: Writable, text: string): Promise<void> {
  if (stream.errored) throw stream.errored;
  if (stream.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (then: () => void): void => {
      stream.off('drain', drained);
      stream.off('error', failed);
      stream.off('close', closed);
      then();
    };
    const drained = (): void => settle(resolve);
    const failed = (error: Error): void => settle(() => reject(error));
    const closed = (): void => settle(() => reject(stream.errored ?? new Error('The output was closed')));
    stream.once('drain', drained);
    stream.once('error', failed);
    stream.once('close', closed);
  });
}

/** One line of `--json` output. */
export function writeJson(stream: Writable, value: object): Promise<void> {
  return write(stream, `${JSON.stringify(value)}\n`);
}
