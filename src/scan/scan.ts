import { InputError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { platform } from '../core/platform.ts';
import type { PluginSummary, ScanEvent } from './events.ts';
import type { ScanOptions } from './options.ts';
import { beginRun } from './pass/begin.ts';
import { Budget } from './pass/budget.ts';
import { catchUp } from './pass/catch-up.ts';
import type { KeptRun } from './pass/kept-run.ts';
import { scanLive } from './pass/live.ts';
import { drain, type Pass } from './pass/pass.ts';
import { databasesAhead, namesIn, scanPass } from './pass/scan-pass.ts';
import { skipPatterns } from './pass/skip.ts';
import type { ScanPlugin } from './plugin.ts';
import { checkPlugins } from './run/check-plugins.ts';
import { openSource, type Scannable } from './source/open-source.ts';
import type { ScanSource } from './source/scan-source.ts';
import { claimScan } from './state/claim.ts';
import { ScanLayout } from './state/layout.ts';
import type { Ledger } from './state/ledger.ts';
import { StoreLedger } from './state/store-ledger.ts';
import { TokenLedger } from './state/token-ledger.ts';

/** How often one run starts a plugin over that asks for it, before it is left alone. */
const MOST_RESETS = 5;

/** The longest time between two commits, in milliseconds, where there is a store, and where there is none. */
const EVERY = { kept: 1000, unkept: 10_000 };

/**
 * Scans databases with plugins: one passage over the data for all of them, each with a place of its own. Tells what they find, how
 * far it has come, what could not be scanned, and in the end a summary. With a store, a scan that was broken off goes on where the
 * last commit was, a thousand documents or a second before, and its findings are kept: see {@link findings$}.
 *
 * Costs: for each database a request for its state, one for each hundred design documents if a plugin wants them, and one for each
 * thousand documents, or two where not every body is wanted. Memory: a page of documents, whatever the database holds.
 *
 * @throws InputError at once for plugins and options that cannot be used
 *
 * @example
 * ```ts
 * const large: ScanPlugin = {
 *   name: 'large_documents',
 *   start: () => ({ state: undefined }),
 *   resume: () => ({ state: undefined }),
 *   db: () => {},
 *   doc(_, db, { text }, { found }) {
 *     if (text.length > 1_000_000) found({ characters: text.length });
 *   },
 * };
 * for await (const event of scan(couch.db('http://127.0.0.1:5984/recipes'), [large])) {
 *   if (event.type === 'finding') console.log(event.id, event['characters']);
 * }
 * ```
 */
export function scan(source: Scannable, plugins: readonly ScanPlugin[], options: ScanOptions = {}): Feed<ScanEvent> {
  checkPlugins(plugins);
  checkOptions(options);
  const opened = openSource(source);
  return new Feed((signal) => runScan(opened, plugins, options, signal), { signal: options.signal });
}

async function* runScan(
  source: ScanSource,
  plugins: readonly ScanPlugin[],
  options: ScanOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly ScanEvent[], void, undefined> {
  const on = platform(options.platform);
  const { budget = {}, limit = unlimited, batchSize = 1000, maxFailures = 1000, isKnown, feed } = options;
  const ledger = await openLedger(source, options);
  const isLive = feed === 'continuous';
  const mark = isLive ? await source.mark(signal) : undefined;
  const skip = await skipPatterns(options);
  const write = (documents: number): Promise<void> => limit.take('write', documents, signal);
  const settings = { maxFailures, write, isKnown, signal };
  const pass: Omit<Pass, 'runs'> = {
    source,
    skip,
    limit,
    budget: new Budget(budget, on, () => source.requests()),
    batch: batchSize,
    every: ledger.isKept ? EVERY.kept : EVERY.unkept,
    counts: { databases: 0, designDocs: 0, documents: 0, bodies: 0, findings: 0, failures: 0 },
    toldAt: Number.NEGATIVE_INFINITY,
    outbox: [],
    platform: on,
    signal,
  };
  const summaries: Record<string, PluginSummary> = {};
  let waiting = plugins;
  if (options.since === 'last' && options.budget === undefined) {
    for (const plugin of plugins) yield* catchUp(pass, plugin, ledger, settings);
  }
  for (let resets = 0; waiting.length > 0; resets += 1) {
    const runs: KeptRun[] = [];
    for (const plugin of waiting) {
      // One that starts over looks at everything.
      const onlyChanges = options.since !== undefined && resets === 0;
      runs.push(await beginRun(plugin, { ledger, onlyChanges, settings, platform: on, outbox: pass.outbox }));
    }
    const passing: Pass = { ...pass, runs };
    const isThrough = yield* scanPass(passing, databasesAhead(passing));
    if (isLive && isThrough) yield* scanLive(passing, mark);
    else yield* endRuns(passing, isThrough);
    for (const { run } of runs) summaries[run.plugin.name] = run.summary;
    const resetting = runs.filter(({ run }) => run.outcome === 'reset');
    for (const kept of resetting) await kept.forget();
    waiting = resets < MOST_RESETS ? resetting.map(({ run }) => run.plugin) : [];
  }
  const states = Object.values(summaries);
  const complete = states.every(({ state }) => state === 'finished');
  const token = ledger instanceof TokenLedger ? { token: ledger.token } : {};
  yield [{ type: 'summary', ...pass.counts, plugins: summaries, complete, ...token }];
}

/** Ends the runs that have not ended by themselves: those that have seen everything are complete. */
async function* endRuns(pass: Pass, isThrough: boolean): AsyncGenerator<readonly ScanEvent[], void, undefined> {
  let present: Promise<ReadonlySet<string>> | undefined;
  const names = (): Promise<ReadonlySet<string>> => {
    present ??= namesIn(pass);
    return present;
  };
  for (const kept of pass.runs) {
    const { run } = kept;
    if (run.outcome !== undefined) pass.outbox.push(...kept.leave());
    else if (isThrough || run.isThrough) pass.outbox.push(...(await kept.finish(names)));
    else {
      pass.outbox.push(...(await kept.commit()));
      run.outcome ??= 'unfinished';
    }
    yield drain(pass);
  }
}

async function openLedger(
  source: ScanSource,
  { store, id = 'scan', since, platform: on }: ScanOptions,
): Promise<Ledger> {
  if (store === undefined) return new TokenLedger(since);
  const layout = new ScanLayout(id);
  return new StoreLedger(store, layout, await claimScan(store, layout, source.name, platform(on)));
}

const unlimited = { take: (): Promise<void> => Promise.resolve() };

function checkOptions({ store, id, since, batchSize = 1000, maxFailures = 0, feed = 'normal' }: ScanOptions): void {
  if (feed !== 'normal' && feed !== 'continuous') {
    throw new InputError(`Option feed must be 'normal' or 'continuous', not ${JSON.stringify(feed)}`);
  }
  if (id !== undefined && !(typeof id === 'string' && id !== '' && id.length <= 200)) {
    throw new InputError('Option id must be a text of 1 to 200 characters');
  }
  if (store === undefined && (since === 'last' || id !== undefined)) {
    throw new InputError('Options id and since: "last" need a store that keeps what was scanned');
  }
  if (store !== undefined && since !== undefined && since !== 'last') {
    throw new InputError('Option since must be "last" where there is a store, which knows the rest');
  }
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1)) {
    throw new InputError(`Option batchSize must be a whole number of at least 1, not ${String(batchSize)}`);
  }
  if (!(maxFailures >= 0)) {
    throw new InputError(`Option maxFailures must be a number of at least 0, not ${String(maxFailures)}`);
  }
}
