import { CouchtideError, InputError } from '../core/errors.ts';
import { excerptOf, type JsonObject } from '../core/json-value.ts';
import { type Platform, platform } from '../core/platform.ts';
import { type CouchOptions, couch } from '../couch/couch.ts';
import { hasCredentials } from '../couch/request/address.ts';
import type { Auth } from '../couch/request/auth.ts';
import type { JobTypeOptions } from '../jobs/job-type.ts';
import type { JobHandler } from '../jobs/worker.ts';
import type { Kv } from '../kv/kv.ts';
import type { Registry } from '../registry/registry.ts';
import type { Failure, ScanCounts, ScanSummary } from './events.ts';
import type { ScanPlugin } from './plugin.ts';
import { scan } from './scan.ts';
import { scanPlugins } from './scan-plugins.ts';
import type { Scannable } from './source/open-source.ts';

/** What a job of `scanJob` is to do, as its `data`. */
export interface ScanJobData {
  /** The url of a server, without credentials: what stands in a job is stored. */
  readonly source: string;
  /** Of the server, only these databases. */
  readonly databases?: readonly string[];
  /** What the credentials are called: a name that every worker can look up. */
  readonly credentials?: string;
  /** What it is scanned with, by name; by default with all that the worker has. */
  readonly plugins?: readonly string[];
  /** What the scan is called in the store. By default the id of the job. */
  readonly scan?: string;
  /** `last`: only what has changed since the last scan. */
  readonly since?: 'last';
  /** Patterns, in the syntax of RE2, of what is passed over. */
  readonly skipDbs?: readonly string[];
  readonly skipDdocs?: readonly string[];
  readonly skipDocs?: readonly string[];
}

const DATA = ['source', 'databases', 'credentials', 'plugins', 'scan', 'since', 'skipDbs', 'skipDdocs', 'skipDocs'];

/** What the jobs of `scanJob` need of the worker that they run on. */
export interface ScanJobOptions {
  /** Where the scans keep how far they have come, and their findings. All workers must share it. */
  readonly store: Kv;
  /** What this worker can scan with. */
  readonly plugins?: readonly ScanPlugin[];
  /** Where more plugins are found: see {@link scanPlugins}. */
  readonly registry?: Pick<Registry, 'view'>;
  /** The credentials of a name. */
  readonly credentials?: (name: string) => Auth | undefined | Promise<Auth | undefined>;
  /** How servers are spoken to. */
  readonly couch?: Omit<CouchOptions, 'auth'>;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** How the type of scan jobs is best defined: a scan that fails goes on later from where it stood, for as long as nobody cancels it. */
export const scanJobType: JobTypeOptions = {
  timeout: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  backoff: { base: 1000, cap: 600_000 },
};

/** How often the progress of a scan is written at the most, in milliseconds. */
const TOLD = 1000;

/**
 * Scans as jobs: a handler for `work`. The job's data are a {@link ScanJobData}; its `info` is how far the scan has come, written once
 * a second, and in the end its summary. When its worker is gone, another goes on from the last commit, and what the first one still
 * writes has no effect. What is found is in the store: see {@link findings$}. For scans that are split among workers, and that repeat
 * by a schedule, see {@link createScanner}.
 *
 * @example
 * ```ts
 * const kv = memoryKv();
 * const queue = createQueue(kv);
 * await queue.defineType('scan', scanJobType);
 * await queue.add('scan', 'nightly', { source: 'http://127.0.0.1:5984' });
 * const working = work(queue, 'scan', scanJob({ store: kv, plugins: [conflicts()] })).subscribe();
 * (await queue.wait('scan', 'nightly'))?.info; // { databases: 3, documents: 1200, findings: 7, ... }
 * working.unsubscribe();
 * ```
 */
export function scanJob(options: ScanJobOptions): JobHandler {
  const { elapsed } = platform(options.platform);
  return async (job, { signal }) => {
    const data = scanJobData(job.data);
    const source = await sourceOf(data, options);
    const plugins = pluginsOf(data, options);
    const { scan: id = job.id, since, skipDbs, skipDdocs, skipDocs } = data;
    const settings = { since, skipDbs, skipDdocs, skipDocs, platform: options.platform };
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    let told = Number.NEGATIVE_INFINITY;
    let info: JsonObject = job.info;
    let fatal: Failure | undefined;
    for await (const event of scan(source, plugins, { store: options.store, id, signal, ...given })) {
      if (event.type === 'summary') {
        const { type: _, ...summary } = event;
        info = summary;
        refuseFailed(event, fatal);
      }
      if (event.type === 'failure' && event.fatal) fatal ??= event;
      if (event.type !== 'progress') continue;
      const { databases, designDocs, documents, bodies, findings, failures, db }: ScanCounts & { db: string } = event;
      info = { databases, designDocs, documents, bodies, findings, failures, db };
      const now = elapsed();
      if (now - told < TOLD) continue;
      told = now;
      await job.update(info);
    }
    return info;
  };
}

/** A plugin that has failed is tried again, as is all that fails; the others have nothing to do then. */
function refuseFailed({ plugins }: ScanSummary, fatal: Failure | undefined): void {
  const failed = Object.keys(plugins).find((name) => plugins[name]?.state === 'failed');
  if (failed === undefined) return;
  const { plugin = failed, message, error } = fatal ?? {};
  const why = message === undefined ? '' : `: ${message}`;
  throw new CouchtideError(`The scan plugin ${JSON.stringify(plugin)} has failed${why}`, { cause: error });
}

/**
 * The data of a job, if a scan can be made of them.
 *
 * @throws InputError if not
 */
export function scanJobData(data: JsonObject): ScanJobData {
  const [unknown] = Object.keys(data).filter((name) => !DATA.includes(name));
  if (unknown !== undefined) {
    throw new InputError(`A scan job has no option ${JSON.stringify(unknown)}: there are ${DATA.join(', ')}`);
  }
  const { source, credentials, scan: id, since, ...lists } = data;
  if (typeof source !== 'string') {
    const given = source === undefined ? '' : `, not ${excerptOf(source)}`;
    throw new InputError(`A scan job needs the url of a server as its source${given}`);
  }
  if (hasCredentials(source)) {
    throw new InputError(
      'The source of a scan job must not hold credentials, as it is stored: give them a name, and the name as credentials',
    );
  }
  for (const [name, value] of Object.entries({ credentials, scan: id })) {
    if (value === undefined || (typeof value === 'string' && value !== '')) continue;
    // Not quoted: it may be what must not be told.
    throw new InputError(`The ${name} of a scan job must be a name`);
  }
  if (since !== undefined && since !== 'last') throw new InputError('The since of a scan job must be "last"');
  for (const [name, value] of Object.entries(lists)) {
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) continue;
    throw new InputError(`The ${name} of a scan job must be a list of texts, not ${excerptOf(value)}`);
  }
  return data as unknown as ScanJobData;
}

async function sourceOf({ source, databases, credentials }: ScanJobData, options: ScanJobOptions): Promise<Scannable> {
  const auth = credentials === undefined ? undefined : await options.credentials?.(credentials);
  if (credentials !== undefined && auth === undefined) {
    throw new InputError(`This worker knows no credentials called ${JSON.stringify(credentials)}`);
  }
  const server = couch(source, auth === undefined ? options.couch : { ...options.couch, auth });
  return databases === undefined ? server : databases.map((name) => server.db(name));
}

function pluginsOf({ plugins: names }: ScanJobData, { plugins = [], registry }: ScanJobOptions): ScanPlugin[] {
  const view = registry?.view(scanPlugins);
  const contributed = view?.keys().flatMap((name) => view.values(name).slice(0, 1)) ?? [];
  const all = [...plugins, ...contributed];
  const first = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
  if (names === undefined) return first;
  return names.map((name) => {
    const plugin = first.find((one) => one.name === name);
    if (plugin === undefined) throw new InputError(`This worker has no scan plugin ${JSON.stringify(name)}`);
    return plugin;
  });
}
