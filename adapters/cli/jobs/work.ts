import { childController } from '../../../src/core/abort.ts';
import { InputError, isCouchtideError } from '../../../src/core/errors.ts';
import { platform } from '../../../src/core/platform.ts';
import { handlerIn, jobHandlers } from '../../../src/jobs/handlers.ts';
import type { Queue } from '../../../src/jobs/queue.ts';
import { work } from '../../../src/jobs/work.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { constant } from '../../../src/registry/sources/constant.ts';
import { type Context, ExitCode, Interruption, write, writeJson } from '../context.ts';
import { errorLine } from '../failure.ts';
import { followContributions } from '../scan/contributions.ts';
import { plural } from '../wording.ts';
import { Directories } from './directories.ts';
import { handlingsOf, ownHandlings } from './handlers.ts';
import type { OpenQueue } from './queue.ts';
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
  { queue, kv }: OpenQueue,
  registry: Registry,
  options: WorkCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const directories = new Directories();
  const listening = registry.data$(jobHandlers).subscribe();
  try {
    await followContributions(registry, context.signal);
    // Plugins come before what this program brings along, and a module that is named before both.
    const own = constant(ownHandlings(kv, directories, registry, context.environment));
    registry.contribute(jobHandlers, own, { source: 'couchtide', order: 1000 });
    if (options.handlers !== undefined) {
      const named = constant(await handlingsOf(options.handlers));
      registry.contribute(jobHandlers, named, { source: options.handlers, order: -1000 });
    }
    const types = typesOf(registry, options.type);
    for (const type of types) await queue.defineType(type, registry.view(jobHandlers).values(type)[0]?.type);
    await write(context.stderr, `Working on jobs of ${plural(types.length, 'type')}: ${types.join(', ')}\n`);
    await workOn(types, { queue, registry, options, context });
    return isTermination(context.signal) ? ExitCode.done : ExitCode.interrupted;
  } finally {
    listening.unsubscribe();
    await directories.close();
  }
}

/** What the work on all types has in common. */
interface Shift {
  readonly queue: Queue;
  readonly registry: Registry;
  readonly options: WorkCommandOptions;
  readonly context: Context;
}

/** Works until the interrupt, and brings what is under way to its end. */
async function workOn(types: readonly string[], shift: Shift): Promise<void> {
  const { signal } = shift.context;
  const drain = new AbortController();
  const stop = childController();
  const leave = (): void => {
    drain.abort();
    if (isTermination(signal)) void stopAfter(shift.options.grace * 1000, stop);
    else stop.abort(signal.reason);
  };
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.all(types.map((type) => follow(type, shift, drain.signal, stop.signal)));
  } finally {
    signal.removeEventListener('abort', leave);
    stop.abort();
  }
}

async function follow(
  type: string,
  { queue, registry, options: { concurrency, json }, context: { stdout } }: Shift,
  drain: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of work(queue, type, handlerIn(registry, type), { concurrency, drain, signal })) {
      const { error, ...rest } = event;
      const told = error === undefined ? {} : { error: errorLine(error) };
      if (json) await writeJson(stdout, { jobType: type, ...rest, ...told });
      else await write(stdout, eventLine(type, event));
    }
  } catch (error) {
    // The end that was asked for.
    if (!signal.aborted || isCouchtideError(error)) throw error;
  }
}

/**
 * The types that are worked on: those that are named, or all that there are handlers for.
 *
 * @throws InputError for a type without a handler
 */
function typesOf(registry: Registry, named: readonly string[] | undefined): readonly string[] {
  const known = registry.view(jobHandlers).keys();
  const unknown = named?.find((type) => !known.includes(type));
  if (unknown === undefined) return named ?? known;
  throw new InputError(
    `There is no handler for jobs of type ${JSON.stringify(unknown)}: there are ${known.join(', ')}`,
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
