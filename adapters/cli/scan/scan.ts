import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InputError } from '../../../src/core/errors.ts';
import { isJsonObject } from '../../../src/core/json-value.ts';
import { platform } from '../../../src/core/platform.ts';
import { sha256 } from '../../../src/core/sha256.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { baseline } from '../../../src/scan/baseline.ts';
import type { Finding, ScanEvent, ScanSummary } from '../../../src/scan/events.ts';
import { createLimiter } from '../../../src/scan/limiter/limiter.ts';
import type { ScanOptions } from '../../../src/scan/options.ts';
import { type Webhook, webhook } from '../../../src/scan/report/webhook.ts';
import { scan } from '../../../src/scan/scan.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode } from '../context.ts';
import { sentence } from '../failure.ts';
import { plural } from '../wording.ts';
import { failureText, isTold, type Output, type OutputOptions, outputOf } from './output.ts';
import { type PluginOptions, pluginsOf } from './plugins.ts';
import { ScanProgressLine } from './progress-line.ts';
import { openScanned } from './scanned.ts';

/** The options of `couchtide scan`. */
export interface ScanCommandOptions extends PluginOptions, OutputOptions {
  readonly sinceLast?: boolean;
  readonly live?: boolean;
  readonly store?: string;
  readonly baseline?: string;
  readonly webhook?: string;
  readonly skipDb?: readonly string[];
  readonly skipDdoc?: readonly string[];
  readonly skipDoc?: readonly string[];
  readonly rate?: number;
}

/** `couchtide scan <what>`: looks through databases, and tells what it finds. */
export async function scanCommand(
  given: string,
  options: ScanCommandOptions,
  registry: Registry,
  version: string,
  context: Context,
): Promise<ExitCode> {
  const plugins = await pluginsOf(options, registry, context);
  const known = options.baseline === undefined ? undefined : await baseline(readFindings(options.baseline));
  const progress = new ScanProgressLine(context.stderr);
  const alerts = alertsOf(options, context, progress);
  const { source, url, close } = await openScanned(given, context);
  try {
    const store = await openStore(url, options, context);
    try {
      const settings = { ...settingsOf(options, known), ...store.settings, signal: context.signal };
      const output = outputOf(options, context, { source: url, version });
      return await tell(scan(source, plugins, settings), { output, progress, alerts, stderr: context.stderr });
    } finally {
      await store.close();
    }
  } finally {
    await close();
  }
}

/** Where it is told what a scan finds, and how far it has come. */
interface Listeners {
  readonly output: Output;
  readonly progress: ScanProgressLine;
  readonly alerts: Webhook | undefined;
  readonly stderr: Context['stderr'];
}

async function tell(
  events: AsyncIterable<ScanEvent>,
  { output, progress, alerts, stderr }: Listeners,
): Promise<ExitCode> {
  let summary: ScanSummary | undefined;
  let found = 0;
  let isPartial = false;
  try {
    for await (const event of events) {
      if (event.type === 'summary') summary = event;
      if (event.type === 'progress') progress.draw(event);
      if (!isTold(event)) continue;
      progress.clear();
      if (event.type === 'failure') {
        stderr.write(`${failureText(event)}\n`);
        // A database that was passed over: that nothing was found in it must not look like a clean bill.
        isPartial ||= event.plugin === undefined;
      }
      await output.tell(event);
      if (event.type !== 'finding') continue;
      found += 1;
      await alerts?.send(event);
    }
  } finally {
    progress.clear();
    await alerts?.close();
    await output.end(summary);
  }
  const hasFailed = Object.values(summary?.plugins ?? {}).some(({ state }) => state === 'failed');
  if (hasFailed || isPartial) return ExitCode.failed;
  return found > 0 ? ExitCode.found : ExitCode.done;
}

function alertsOf(
  { webhook: url }: ScanCommandOptions,
  { environment: { COUCHTIDE_WEBHOOK_SECRET: secret } }: Context,
  progress: ScanProgressLine,
): Webhook | undefined {
  if (url === undefined) return undefined;
  return webhook(url, {
    ...(secret === undefined ? {} : { secret }),
    onFailure: ({ findings, error }) => {
      progress.say(`${plural(findings, 'finding')} could not be sent: ${sentence(error)}`);
    },
  });
}

function settingsOf(
  { live, skipDb, skipDdoc, skipDoc, rate }: ScanCommandOptions,
  isKnown: ((finding: Finding) => boolean) | undefined,
): ScanOptions {
  const unlimited = Number.POSITIVE_INFINITY;
  return {
    ...(live ? { feed: 'continuous' as const } : {}),
    ...(isKnown === undefined ? {} : { isKnown }),
    ...(skipDb === undefined ? {} : { skipDbs: skipDb }),
    ...(skipDdoc === undefined ? {} : { skipDdocs: skipDdoc }),
    ...(skipDoc === undefined ? {} : { skipDocs: skipDoc }),
    ...(rate === undefined
      ? {}
      : { limit: createLimiter({ db: unlimited, feed: unlimited, write: unlimited, doc: rate }, platform()) }),
  };
}

/** Where the scan keeps how far it has come: what is named, or for `--since-last` a directory of its own for each source. */
async function openStore(
  url: string,
  { store, sinceLast }: ScanCommandOptions,
  { environment, stderr }: Context,
): Promise<{ readonly settings: { store?: Kv; since?: 'last' }; close(): Promise<void> }> {
  if (store === undefined && !sinceLast) return { settings: {}, close: () => Promise.resolve() };
  const directory = store ?? join(stateDirectory(environment), `scan-${(await sha256(url)).slice(0, 16)}`);
  if (store === undefined) stderr.write(`What was scanned is kept in ${JSON.stringify(directory)}\n`);
  const kv = await fsKv(directory);
  return { settings: { store: kv, ...(sinceLast ? { since: 'last' as const } : {}) }, close: () => kv.close() };
}

/** Where programs keep their state: https://specifications.freedesktop.org/basedir-spec. */
function stateDirectory({ XDG_STATE_HOME, HOME, LOCALAPPDATA }: Context['environment']): string {
  if (XDG_STATE_HOME !== undefined && XDG_STATE_HOME !== '') return join(XDG_STATE_HOME, 'couchtide');
  if (LOCALAPPDATA !== undefined) return join(LOCALAPPDATA, 'couchtide');
  if (HOME !== undefined) return join(HOME, '.local', 'state', 'couchtide');
  throw new InputError('There is no place for what was scanned; name a directory with --store');
}

/** Findings as `--json` writes them; other lines are passed over. */
async function* readFindings(file: string): AsyncGenerator<Finding, void, undefined> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      const value: unknown = JSON.parse(line);
      if (isJsonObject(value) && value['type'] === 'finding') yield value as unknown as Finding;
    }
  } catch (error) {
    const said = error instanceof SyntaxError ? `line ${number} is not JSON` : String((error as Error).message);
    throw new InputError(`The baseline ${JSON.stringify(file)} cannot be read: ${said}`, { cause: error });
  }
}
