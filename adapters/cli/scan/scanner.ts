import { createQueue } from '../../../src/jobs/queue.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { ScannerControl, type ScannerStatus } from '../../../src/scan/scanner/control.ts';
import { createScanner, type ScannerEvent } from '../../../src/scan/scanner/scanner.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { plural } from '../wording.ts';
import { failureText, findingText } from './output.ts';
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
  const { stdout, stderr, signal } = context;
  const plugins = await pluginsOf(options, registry, context);
  const server = openServer(url, context);
  const { id, after, repeat, jitter, concurrency, rate, skipDb, skipDdoc, skipDoc } = options;
  const kv = await fsKv(directory);
  let found = 0;
  const tell = async (event: ScannerEvent): Promise<void> => {
    if (event.type === 'finding') found += 1;
    if (options.json) {
      if (event.type !== 'progress') await writeJson(stdout, event);
    } else if (event.type === 'finding') await write(stdout, `${findingText(event)}\n`);
    if (event.type === 'failure') stderr.write(`${failureText(event)}\n`);
  };
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
    const events = scanner.events$.subscribe((event) => void tell(event).catch(() => {}));
    try {
      for (const { name } of plugins) await scanner.enable(name);
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
        if (options.until !== 'finished') return;
        scanner.status$.subscribe(({ plugins: states }) => {
          const all = Object.values(states);
          if (all.length > 0 && all.every(({ state }) => state === 'finished')) resolve();
        });
      });
    } finally {
      await scanner.close();
      events.unsubscribe();
    }
    if (signal.aborted) return ExitCode.interrupted;
    return found > 0 ? ExitCode.found : ExitCode.done;
  } finally {
    await kv.close();
  }
}

/** Has a command look at a scanner in a store, or change it; workers in other processes take that up by themselves. */
async function withScanner(
  directory: string,
  id: string,
  run: (control: ScannerControl) => Promise<void>,
  readOnly = false,
): Promise<ExitCode> {
  const kv = await fsKv(directory, { readOnly });
  try {
    await run(new ScannerControl(kv, createQueue(kv), id));
    return ExitCode.done;
  } finally {
    await kv.close();
  }
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
    true,
  );
}

/** `couchtide scanner stop <store>` and `resume`: in all processes. */
export function scannerStop(
  directory: string,
  isStopped: boolean,
  { id }: ScannerCommandOptions,
  { stdout }: Context,
): Promise<ExitCode> {
  return withScanner(directory, id, async (control) => {
    await control.stop(isStopped);
    await write(stdout, isStopped ? 'Stopped in all processes\n' : 'Going on\n');
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
    true,
  );
}

/** `couchtide scanner reset <store>`: has every plugin start from scratch. */
export function scannerReset(directory: string, { id }: ScannerCommandOptions, { stdout }: Context): Promise<ExitCode> {
  return withScanner(directory, id, async (control) => {
    const plugins = await control.resetCheckpoints();
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
    if (errors !== undefined) said.push(`${plural(errors, 'failure')} in a row: ${error ?? 'unknown'}`);
    lines.push(said.join(', '));
  }
  return lines.join('\n');
}
