import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InputError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json-value.ts';
import type { JobState } from '../../../src/jobs/job-record.ts';
import type { JobTypeOptions } from '../../../src/jobs/job-type.ts';
import type { JobView } from '../../../src/jobs/job-view.ts';
import type { Queue } from '../../../src/jobs/queue.ts';
import type { WorkerRecord } from '../../../src/jobs/worker-record.ts';
import { pullJobData, pullJobType } from '../../../src/pull/pull-job.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { scanJobData, scanJobType } from '../../../src/scan/scan-job.ts';
import { collect, jsonObject, number, time } from '../arguments.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { plural } from '../wording.ts';
import { withQueue } from './queue.ts';
import { jobLine, jobText, workerLine } from './told.ts';
import { type WorkCommandOptions, workCommand } from './work.ts';

interface Output {
  readonly json?: boolean;
}

/** Jobs that are listed unless told otherwise. */
const LISTED = 100;
const STATES: readonly JobState[] = ['pending', 'running', 'finished', 'cancelled', 'dead'];

/**
 * The commands of `couchtide jobs`.
 *
 * @param end told how the command ended
 */
export function jobsProgram(
  program: Command,
  registry: Registry,
  context: Context,
  end: (code: ExitCode) => void,
): void {
  const jobs = program.command('jobs').description('work that many processes share, kept in a store');
  const command = (line: string, description: string): Command =>
    jobs
      .command(line)
      .description(description)
      .argument('<store>', 'the directory where the jobs are')
      .option('--json', 'one JSON object a line');

  command('add', 'add a job, or have one that is there run again')
    .argument('<type>', 'such as pull')
    .argument('<data>', 'what is to be done, a JSON object', jsonObject('{"source":"http://127.0.0.1:5984/recipes"}'))
    .option('--id <id>', 'what the job is called; by default a new name')
    .addOption(new Option('--at <time>', 'not before this time, such as 2030-01-31T12:00Z').argParser(time))
    .addOption(new Option('--priority <number>', 'from 0 to 9, the smaller first').default(5).argParser(number))
    .addOption(new Option('--every <seconds>', 'again and again, so long after each run').argParser(number))
    .action(async (store: string, type: string, data: JsonObject, options: AddCommandOptions) => {
      await withQueue(store, true, async ({ queue }) => {
        const job = await addJob(queue, type, data, options);
        await tell(context, options, job, `Added ${jobLine(job)}`);
      });
      end(ExitCode.done);
    });

  command('list', 'the jobs of a store')
    .argument('[type]')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .addOption(new Option('--limit <number>', 'so many of each type').default(LISTED).argParser(number))
    .action(async (store: string, type: string | undefined, options: ListCommandOptions) => {
      await withQueue(store, false, async ({ queue }) => {
        for (const name of await typesOf(queue, type)) await list(queue, name, options, context);
      });
      end(ExitCode.done);
    });

  const onOne = (
    name: string,
    description: string,
    act: (queue: Queue, type: string, id: string) => Promise<JobView | undefined>,
    text: (job: JobView) => string,
  ): void => {
    command(name, description)
      .argument('<type>')
      .argument('<id>')
      .action(async (store: string, type: string, id: string, options: Output) => {
        await withQueue(store, false, async ({ queue }) => {
          const job = await act(queue, type, id);
          if (job === undefined) {
            throw new InputError(
              `There is no job ${JSON.stringify(id)} of type ${JSON.stringify(type)}; jobs list shows all`,
            );
          }
          await tell(context, options, job, text(job));
        });
        end(ExitCode.done);
      });
  };
  onOne('show', 'all that is known of a job', (queue, type, id) => queue.get(type, id), jobText);
  onOne('cancel', 'ask a job to end undone', (queue, type, id) => queue.cancel(type, id), jobLine);
  onOne('retry', 'have a job that has ended run again', (queue, type, id) => queue.retry(type, id), jobLine);
  onOne('remove', 'delete a job, whatever it is doing', remove, (job) => `Removed ${jobLine(job)}`);

  command('workers', 'who works on the jobs of a store')
    .argument('[type]')
    .action(async (store: string, type: string | undefined, options: Output) => {
      await withQueue(store, false, async ({ queue }) => {
        for (const name of await typesOf(queue, type)) {
          for (const worker of await workersOf(queue, name))
            await tell(context, options, { jobType: name, ...worker }, workerLine(name, worker));
        }
      });
      end(ExitCode.done);
    });

  command('work', 'work on the jobs of a store until interrupted')
    .addOption(new Option('--concurrency <number>', 'jobs at the same time').default(4).argParser(number))
    .addOption(
      new Option('--grace <seconds>', 'how long jobs under way may take to end after SIGTERM')
        .default(10)
        .argParser(number),
    )
    .option('--type <type>', 'only this type; may be given several times', collect)
    .option('--handlers <file>', 'a module that exports a handler for each type')
    .action(async (store: string, options: WorkCommandOptions) => {
      await withQueue(store, true, async (open) => end(await workCommand(open, registry, options, context)));
    });
}

interface AddCommandOptions extends Output {
  readonly id?: string;
  readonly at?: number;
  readonly priority: number;
  readonly every?: number;
}

interface ListCommandOptions extends Output {
  readonly state?: JobState;
  readonly limit: number;
}

async function addJob(
  queue: Queue,
  type: string,
  data: JsonObject,
  { id = randomUUID(), at = 0, priority, every }: AddCommandOptions,
): Promise<JobView> {
  const isKnown = (await queue.types()).has(type);
  const own = OWN.get(type);
  const checked = own?.check(data) ?? data;
  if (!isKnown) await queue.defineType(type, own?.type ?? {});
  const terms = { runAt: at, priority, repeat: every === undefined ? undefined : every * 1000 };
  return queue.add(type, id, checked, terms);
}

/** The types that this program brings along, and how their data are looked at before they are stored. */
const OWN: ReadonlyMap<string, { readonly type: JobTypeOptions; readonly check: (data: JsonObject) => JsonObject }> =
  new Map([
    ['pull', { type: pullJobType, check: withWholePath }],
    ['scan', { type: scanJobType, check: (data) => ({ ...scanJobData(data) }) }],
  ]);

/** Wherever a worker is started, it finds the same place. */
function withWholePath(data: JsonObject): JsonObject {
  const { target } = pullJobData(data);
  return target === undefined ? data : { ...data, target: resolve(target) };
}

async function remove(queue: Queue, type: string, id: string): Promise<JobView | undefined> {
  const job = await queue.get(type, id);
  return (await queue.remove(type, id)) ? job : undefined;
}

async function list(
  queue: Queue,
  type: string,
  { state, limit, json }: ListCommandOptions,
  context: Context,
): Promise<void> {
  const jobs = await queue.list(type, { ...(state === undefined ? {} : { state }), limit });
  for (const job of jobs) await tell(context, { ...(json === undefined ? {} : { json }) }, job, jobLine(job));
  if (json) return;
  const counts = await queue.counts(type);
  const total = STATES.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
  await write(
    context.stdout,
    `${plural(jobs.length, 'job')} of type ${JSON.stringify(type)} shown, of ${total.join(', ') || 'none'}\n`,
  );
}

async function typesOf(queue: Queue, type: string | undefined): Promise<string[]> {
  return type === undefined ? [...(await queue.types()).keys()] : [type];
}

async function workersOf(queue: Queue, type: string): Promise<readonly WorkerRecord[]> {
  for await (const workers of queue.workers$(type)) return workers;
  return [];
}

function tell({ stdout }: Context, { json }: Output, value: object, text: string): Promise<void> {
  return json ? writeJson(stdout, value) : write(stdout, text);
}
