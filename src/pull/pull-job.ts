import { filter, firstValueFrom } from 'rxjs';
import { InputError } from '../core/errors.ts';
import { excerptOf, type JsonObject } from '../core/json-value.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { ChangesOptions } from '../couch/changes.ts';
import { type CouchOptions, couch } from '../couch/couch.ts';
import { hasCredentials } from '../couch/request/address.ts';
import type { Auth } from '../couch/request/auth.ts';
import type { Job } from '../jobs/job.ts';
import type { JobTypeOptions } from '../jobs/job-type.ts';
import type { JobHandler } from '../jobs/worker.ts';
import type { Target } from '../replica/target.ts';
import type { AttachmentSelection } from './attachments/policy.ts';
import type { PullOptions } from './options.ts';
import { type Pull, pull } from './pull.ts';
import type { PullStatus } from './status.ts';

/** What a job of `pullJob` is to do, as its `data`. */
export interface PullJobData
  extends Omit<PullOptions, 'transform' | 'filter' | 'checkpoints' | 'attachments' | 'retry' | 'signal' | 'platform'> {
  /** The url of the database, without credentials: what stands in a job is stored. */
  readonly source: string;
  /** Where it is pulled to, in the words of who opens the targets. By default the name of the database. */
  readonly target?: string;
  /** What the credentials are called: a name that every worker can look up. */
  readonly credentials?: string;
  readonly filter?: ChangesOptions['filter'];
  readonly attachments?: boolean | Omit<AttachmentSelection, 'match'>;
}

/** The options of a pull that can stand in the data of a job. */
const PULL_OPTIONS: readonly string[] = [
  'mode',
  'interval',
  'id',
  'batchSize',
  'since',
  'docIds',
  'selector',
  'filter',
  'first',
  'attachments',
  'history',
  'skipTombstones',
] satisfies (keyof PullJobData)[];

/** What the jobs of `pullJob` need of the worker that they run on. */
export interface PullJobOptions {
  /** Opens a target; it is closed when the pull ends. Two jobs that pull one database into one target share its checkpoint. */
  readonly open: (target: string, data: PullJobData) => Promise<Target>;
  /** The credentials of a name. */
  readonly credentials?: (name: string) => Auth | undefined | Promise<Auth | undefined>;
  /** How servers are spoken to. */
  readonly couch?: Omit<CouchOptions, 'auth'>;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** How the type of pull jobs is best defined: a pull that fails is tried again for as long as nobody cancels it, more and more seldom. */
export const pullJobType: JobTypeOptions = {
  timeout: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  backoff: { base: 1000, cap: 600_000 },
};

/** How often the progress of a pull is written at the most, in milliseconds. */
const TOLD = 1000;

/**
 * Pulls as jobs: a handler for `work`. The job's data are a {@link PullJobData}; its `info` is the status of the pull, written once a
 * second while that changes, so that everybody with the store sees it. A continuous pull runs until the job is cancelled; when its
 * worker is gone, another goes on from the checkpoint in the target.
 *
 * @example
 * ```ts
 * const kv = memoryKv();
 * const queue = createQueue(kv);
 * await queue.defineType('pull', pullJobType);
 * await queue.add('pull', 'recipes', { source: 'http://127.0.0.1:5984/recipes' });
 * const working = work(queue, 'pull', pullJob({ open: (name) => openReplica(kv, name) })).subscribe();
 * (await queue.wait('pull', 'recipes'))?.state; // 'finished'
 * working.unsubscribe();
 * ```
 */
export function pullJob(options: PullJobOptions): JobHandler {
  const { open, credentials, couch: couchOptions = {}, platform: replaced } = options;
  return async (job, { signal }) => {
    const data = pullJobData(job.data);
    const auth = data.credentials === undefined ? undefined : await credentials?.(data.credentials);
    if (data.credentials !== undefined && auth === undefined) {
      throw new InputError(`This worker knows no credentials called ${JSON.stringify(data.credentials)}`);
    }
    const source = couch.db(data.source, auth === undefined ? couchOptions : { ...couchOptions, auth });
    const target = await open(data.target ?? source.name, data);
    try {
      const running = pull(source, target, {
        ...optionsOf(data),
        signal,
        ...(replaced === undefined ? {} : { platform: replaced }),
      });
      const ended = new AbortController();
      const telling = tell(job, running, platform(replaced), ended.signal);
      try {
        const { state } = await Promise.race([running.done, turnedAway(running)]);
        // Who ended it early gives the job back, or cancels it; it is not done.
        if (state === 'stopped') signal.throwIfAborted();
      } finally {
        ended.abort();
        await telling;
        // One that was turned away would wait for other credentials.
        await running.stop();
      }
      return infoOf(running.status());
    } finally {
      await target.close('The job has ended');
    }
  };
}

/**
 * The data of a job, if a pull can be made of them.
 *
 * @throws InputError if not
 */
export function pullJobData(data: JsonObject): PullJobData {
  const { source, target, credentials, ...options } = data;
  const [unknown] = Object.keys(options).filter((name) => !PULL_OPTIONS.includes(name));
  if (unknown !== undefined) {
    const known = ['source', 'target', 'credentials', ...PULL_OPTIONS];
    throw new InputError(`A pull job has no option ${JSON.stringify(unknown)}: there are ${known.join(', ')}`);
  }
  if (typeof source !== 'string') {
    throw new InputError(
      source === undefined
        ? 'A pull job needs the url of a database as its source'
        : `A pull job needs the url of a database as its source, not ${excerptOf(source)}`,
    );
  }
  if (hasCredentials(source)) {
    throw new InputError(
      'The source of a pull job must not hold credentials, as it is stored: give them a name, and the name as credentials',
    );
  }
  if (target !== undefined && !isName(target)) {
    throw new InputError(`The target of a pull job must be a text, not ${excerptOf(target)}`);
  }
  if (credentials !== undefined && !isName(credentials)) {
    // Not quoted: it may be what must not be told.
    throw new InputError('The credentials of a pull job must be the name of some that its worker has, not themselves');
  }
  return data as unknown as PullJobData;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function optionsOf({ source: _, target: __, credentials: ___, ...options }: PullJobData): PullOptions {
  return options;
}

/** Writes the status of a pull as the job's info whenever it has changed, until the signal aborts. */
async function tell(job: Job, running: Pull, { sleep }: Pick<Platform, 'sleep'>, signal: AbortSignal): Promise<void> {
  for (let told = ''; ; ) {
    // It rejects with the reason of the abort, which is the way to end here.
    await sleep(TOLD, signal).catch(() => {});
    if (signal.aborted) return;
    const info = infoOf(running.status());
    const text = JSON.stringify(info);
    // That the job is lost, or the store away, the heartbeat tells.
    if (text !== told) await job.update(info).catch(() => {});
    told = text;
  }
}

function infoOf({ error, leader: _, ...status }: PullStatus): JsonObject {
  const said = error instanceof Error ? error.message : String(error);
  return { ...status, ...(error === undefined ? {} : { error: said }) };
}

/** Rejects when the source wants other credentials: a later attempt looks them up again. */
async function turnedAway(running: Pull): Promise<never> {
  const refused = running.status$.pipe(filter(({ state }) => state === 'auth-required'));
  const { error } = await firstValueFrom(refused, { defaultValue: { error: undefined } });
  if (error === undefined) return new Promise(() => {});
  throw error;
}
