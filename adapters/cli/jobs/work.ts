import { childController } from '../../../src/core/abort.ts';
import { InputError, isCouchtideError } from '../../../src/core/errors.ts';
import { platform } from '../../../src/core/platform.ts';
import type { Queue } from '../../../src/jobs/queue.ts';
import { work } from '../../../src/jobs/work.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { type Context, ExitCode, Interruption, write, writeJson } from '../context.ts';
import { errorLine } from '../failure.ts';
import { plural } from '../wording.ts';
import { Directories } from './directories.ts';
import { type Handling, handlingsOf, ownHandlings } from './handlers.ts';
import { eventLine } from './told.ts';

/** The options of `couchtide jobs work`. */
export interface WorkCommandOptions {
  readonly json?: boolean;
  readonly concurrency: number;
  /** Seconds. */
  readonly grace: number;
  readonly type?: readonly string[];
  readonly handlers?: string;
}

/**
 * `couchtide jobs work <store>`: works on the jobs of a store until it is interrupted. An interrupt gives the jobs under way back; SIGTERM
 * lets them come to their end first, for so many seconds.
 */
export async function workCommand(
  queue: Queue,
  kv: Kv,
  options: WorkCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const directories = new Directories();
  try {
    const handlings = ownHandlings(kv, directories, context.environment);
    if (options.handlers !== undefined)
      for (const [type, handling] of await handlingsOf(options.handlers)) handlings.set(type, handling);
    const chosen = options.type === undefined ? handlings : only(handlings, options.type);
    await defineTypes(queue, chosen);
    await write(
      context.stderr,
      `Working on jobs of ${plural(chosen.size, 'type')}: ${[...chosen.keys()].join(', ')}\n`,
    );
    const drain = new AbortController();
    const stop = childController();
    const leave = (): void => {
      drain.abort();
      if (isTermination(context.signal)) void stopAfter(options.grace * 1000, stop);
      else stop.abort(context.signal.reason);
    };
    context.signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.all(
        Array.from(chosen, ([type, { handler }]) =>
          follow(queue, type, handler, options, drain.signal, stop.signal, context),
        ),
      );
    } finally {
      context.signal.removeEventListener('abort', leave);
      stop.abort();
    }
    return isTermination(context.signal) ? ExitCode.done : ExitCode.interrupted;
  } finally {
    await directories.close();
  }
}

async function follow(
  queue: Queue,
  type: string,
  handler: Handling['handler'],
  { concurrency, json }: WorkCommandOptions,
  drain: AbortSignal,
  stopped: AbortSignal,
  { stdout }: Context,
): Promise<void> {
  try {
    for await (const event of work(queue, type, handler, { concurrency, drain, signal: stopped })) {
      const { error, ...rest } = event;
      const told = error === undefined ? {} : { error: errorLine(error) };
      if (json) await writeJson(stdout, { jobType: type, ...rest, ...told });
      else await write(stdout, eventLine(type, event));
    }
  } catch (error) {
    // The end that was asked for.
    if (!stopped.aborted || isCouchtideError(error)) throw error;
  }
}

/** Defines the types that nobody has defined yet: what an operator has chosen stays. */
async function defineTypes(queue: Queue, handlings: ReadonlyMap<string, Handling>): Promise<void> {
  const known = await queue.types();
  for (const [name, { type }] of handlings) if (!known.has(name)) await queue.defineType(name, type);
}

function only(handlings: ReadonlyMap<string, Handling>, types: readonly string[]): Map<string, Handling> {
  return new Map(
    types.map((type) => {
      const handling = handlings.get(type);
      if (handling === undefined) {
        throw new InputError(
          `There is no handler for jobs of type ${JSON.stringify(type)}: there are ${[...handlings.keys()].join(', ')}`,
        );
      }
      return [type, handling];
    }),
  );
}

function isTermination({ reason }: AbortSignal): boolean {
  return reason instanceof Interruption && reason.signal === 'SIGTERM';
}

async function stopAfter(ms: number, stop: ReturnType<typeof childController>): Promise<void> {
  // It rejects when everything has ended before.
  await platform()
    .sleep(ms, stop.signal)
    .catch(() => {});
  stop.abort();
}
