import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import type { ScannerOptions } from '../../src/scan/scanner/options.ts';
import { commonClock } from './common-clock.ts';
import { scanPlugins } from './scan-plugins.ts';
import { type ScanTrace, type TraceLine, traced, traceOf } from './scan-trace.ts';

/** What the processes of a test scan, and where. As JSON it is their argument. */
export interface ScanTask {
  /** Of the store. */
  readonly directory: string;
  /** Where each process puts on record what its plugins are shown. */
  readonly traces: string;
  /** Of the server. */
  readonly url: string;
  readonly batchSize: number;
  readonly partSize: number;
  /** See {@link commonClock}. */
  readonly begun: number;
  readonly pace: number;
}

const UNLIMITED = { db: Infinity, feed: Infinity, doc: Infinity, write: Infinity };

/** What each of them makes its scanner of. One part of each plugin's scan at a time: a trace tells no more apart. */
export function scannerOptions(
  task: ScanTask,
  kv: Kv,
  plugins: ScannerOptions['plugins'] = scanPlugins(),
): ScannerOptions {
  const { url, batchSize, partSize, begun, pace } = task;
  const platform = commonClock(begun, pace);
  return { kv, server: couch(url), plugins, limits: UNLIMITED, batchSize, partSize, concurrency: 1, platform };
}

/** The plugins of a process, which put on record what they are shown: at once, in a file of its own, as it may be killed at any moment. */
export function tracedPlugins(traces: string, process: string): ScanPlugin[] {
  const file = openSync(join(traces, process), 'a');
  const write = (line: TraceLine): void => void writeSync(file, `${JSON.stringify(line)}\n`);
  return scanPlugins().map((plugin) => traced(plugin, write));
}

/** What all processes have put on record. */
export function readTraces(traces: string): ScanTrace {
  return traceOf(readdirSync(traces).map((process) => [process, readFileSync(join(traces, process), 'utf8')]));
}
