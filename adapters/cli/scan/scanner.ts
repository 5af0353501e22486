import { concatMap, filter, firstValueFrom, lastValueFrom, tap } from 'rxjs';
import { createQueue } from '../../../src/jobs/queue.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { ScannerControl, type ScannerStatus } from '../../../src/scan/scanner/control.ts';
import { createScanner, type Scanner, type ScannerEvent } from '../../../src/scan/scanner/scanner.ts';
import { type FsKvOptions, fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { sentence } from '../failure.ts';
import { harmless, plural } from '../wording.ts';
import { withKnownStore } from './known-store.ts';
import { failureText, findingText, jsonEvent } from './output.ts';
import { type PluginOptions, pluginsOf } from './plugins.ts';
import { openServer } from './scanned.ts';

/** The options of `couchtide scanner run`. */
export interface ScannerRunOptions extends PluginOptions {
  readonly id: string;
  readonly json?: boolean;
  readonly after?: string;
  readonly repeat?: string;
  readonly jitter?: string;
  readonly concurrency?: number;
  readonly rate?: number;
  readonly skipDb?: readonly string[];
  readonly skipDdoc?: readonly string[];
  readonly skipDoc?: readonly string[];
  readonly until?: 'finished';
}

/** `couchtide scanner run <store> <server-url>`: takes part in the work of a scanner until interrupted. */
export async function scannerRun(
  directory: string,
  url: string,
  options: ScannerRunOptions,
  registry: Registry,
  context: Context,
): Promise<ExitCode> {
  const { signal } = context;
  const plugins = await pluginsOf(options, registry, context);
  const server = openServer(url, context);
  const { id, after, repeat, jitter, concurrency, rate, skipDb, skipDdoc, skipDoc } = options;
  // Later on it may be away for a while; at first, more likely the url is wrong, or the password.
  await server.info({ signal });
  const kv = await fsKv(directory);
  try {
    const scanner = createScanner({
      id,
      kv,
      server,
      plugins,
      registry,
      schedule: { after, repeat, jitter },
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(rate === undefined ? {} : { limits: { doc: rate } }),
      ...(skipDb === undefined ? {} : { skipDbs: skipDb }),
      ...(skipDdoc === undefined ? {} : { skipDdocs: skipDdoc }),
      ...(skipDoc === undefined ? {} : { skipDocs: skipDoc }),
    });
    let found = 0;
    const telling = lastValueFrom(
      scanner.events$.pipe(
        tap(({ type }) => {
          if (type === 'finding') found += 1;
        }),
        concatMap((event) => tell(event, options, context)),
      ),
      { defaultValue: undefined },
    );
    // Told below; when nobody reads what is told, there is nothing to go on for.
    telling.catch(() => {});
    try {
      for (const { name } of plugins) await scanner.enable(name);
      const ends = [telling, aborted(signal), ...(options.until === 'finished' ? [allFinished(scanner)] : [])];
      await Promise.race(ends);
    } finally {
      await scanner.close();
    }
    await telling;
    if (signal.aborted) return ExitCode.interrupted;
    return found > 0 ? ExitCode.found : ExitCode.done;
  } finally {
    await kv.close();
  }
}

async function tell(event: ScannerEvent, { json }: ScannerRunOptions, { stdout, stderr }: Context): Promise<void> {
  if (event.type === 'failure') stderr.write(`${failureText(event)}\n`);
  if (event.type === 'job' && event.error !== undefined) stderr.write(`${event.plugin}: ${sentence(event.error)}\n`);
  if (json && event.type !== 'progress') await writeJson(stdout, jsonEvent(event));
  if (!json && event.type === 'finding') await write(stdout, `${findingText(event)}\n`);
}

/** Resolves when there is nothing left to be done, unless the scanner is closed before. */
function allFinished(scanner: Scanner): Promise<unknown> {
  const finished = scanner.status$.pipe(
    filter(({ plugins }) => {
      const all = Object.values(plugins);
      return all.length > 0 && all.every(({ state }) => state === 'finished');
    }),
  );
  return firstValueFrom(finished, { defaultValue: undefined });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

/** Has a command look at a scanner in a store, or change it; workers in other processes take that up by themselves. */
async function withScanner(
  directory: string,
  id: string,
  run: (control: ScannerControl) => Promise<void>,
  options: FsKvOptions = {},
): Promise<ExitCode> {
  await withKnownStore(directory, 'scanner run', options, (kv) => run(new ScannerControl(kv, createQueue(kv), id)));
  return ExitCode.done;
}

/** What the commands on a scanner are given beside its store. */
export interface ScannerCommandOptions {
  readonly id: string;
  readonly json?: boolean;
}

/** `couchtide scanner status <store>`. */
export function scannerStatus(
  directory: string,
  { id, json }: ScannerCommandOptions,
  { stdout }: Context,
): Promise<ExitCode> {
  return withScanner(
    directory,
    id,
    async (control) => {
      const status = await control.status();
      await (json ? writeJson(stdout, { type: 'status', ...status }) : write(stdout, `${statusText(status)}\n`));
    },
    { readOnly: true },
  );
}

/** `couchtide scanner stop <store>` and `resume`: in all processes. */
export function scannerStop(
  directory: string,
  isStopped: boolean,
  { id, json }: ScannerCommandOptions,
  { stdout }: Context,
): Promise<ExitCode> {
  return withScanner(directory, id, async (control) => {
    await control.stop(isStopped);
    if (json) await writeJson(stdout, { type: isStopped ? 'stopped' : 'resumed', id });
    else await write(stdout, isStopped ? 'Stopped in all processes\n' : 'Going on\n');
  });
}

/** `couchtide scanner checkpoints <store>`: how far each plugin has come. */
export function scannerCheckpoints(
  directory: string,
  { id }: ScannerCommandOptions,
  { stdout }: Context,
): Promise<ExitCode> {
  return withScanner(
    directory,
    id,
    async (control) => {
      for (const [plugin, kept] of Object.entries(await control.checkpoints())) {
        await writeJson(stdout, { type: 'checkpoint', plugin, ...kept });
      }
    },
    { readOnly: true },
  );
}

/** `couchtide scanner reset <store>`: has every plugin start from scratch. */
export function scannerReset(
  directory: string,
  { id, json }: ScannerCommandOptions,
  { stdout }: Context,
): Promise<ExitCode> {
  return withScanner(directory, id, async (control) => {
    const plugins = await control.resetCheckpoints();
    if (json) await writeJson(stdout, { type: 'reset', id, plugins });
    else
      await write(stdout, `${plugins.length === 0 ? 'There was nothing to reset' : `Reset: ${plugins.join(', ')}`}\n`);
  });
}

function statusText({ id, stopped, plugins }: ScannerStatus): string {
  const lines = [
    `Scanner ${id}${stopped ? ', stopped everywhere' : ''}: ${plural(Object.keys(plugins).length, 'plugin')} enabled`,
  ];
  for (const [name, { state, parts, left, next, errors, error }] of Object.entries(plugins)) {
    const said = [`  ${name} is ${state}`];
    if (state === 'scanning' && parts !== undefined && left !== undefined)
      said.push(`${parts - left} of ${plural(parts, 'part')} done`);
    if (next !== undefined) said.push(`next ${new Date(next).toISOString()}`);
    if (errors !== undefined) said.push(`${plural(errors, 'failure')} in a row: ${harmless(error ?? 'unknown')}`);
    lines.push(said.join(', '));
  }
  return lines.join('\n');
}
