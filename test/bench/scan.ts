/**
 * `npm run bench:scan -- [options] [server url]`: what twenty patterns add to a scan, what a second scan takes after one document in a
 * hundred has changed, and how much memory scans need.
 *
 * Data sets are loaded into databases whose names begin with `couchtide-bench-`, and stay there for the next time. Every scan has a process of
 * its own. All that is measured is measured in turn, as often as there are rounds. Figures go to stdout, as Markdown; progress to stderr.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { nextLine, startProcess } from '../support/process.ts';
import { dataSet } from './data-sets.ts';
import { ownScan } from './own-scanner.ts';
import { textPatterns } from './patterns.ts';
import { formatTable } from './report.ts';
import { takeTurns } from './rounds.ts';
import type { ScanMeasurement } from './scan-measurement.ts';
import { meetServer, provideDatabase } from './source.ts';
import { ratios, summarize } from './statistics.ts';
import { type Settings, writeTask } from './task.ts';

const USAGE = `npm run bench:scan -- [options] [server url]
  --documents 20000        how many are scanned for the times
  --memory 10000,200000    how many are scanned for the memory
  --rounds 5               how often each scan is measured
  --own-scanner            also CouchDB's own scanner, for which the server's configuration is changed meanwhile`;

/** What is measured, by the settings of its process. */
interface Contestant {
  readonly title: string;
  readonly settings: Settings;
}

const none: Contestant = { title: 'no work', settings: { plugin: 'none' } };
const text: Contestant = { title: '20 patterns given as text', settings: { plugin: 'text' } };
const native: Contestant = { title: '20 patterns as RegExp', settings: { plugin: 'native' } };
/** It tells in the server's log what it has found. */
const couchdb: Contestant = { title: "20 patterns, CouchDB's own scanner", settings: {} };
const twice: Contestant = { title: 'twice', settings: { plugin: 'text', scans: 2 } };

const MEBIBYTE = 1024 * 1024;

const { url: given, documents, memory, rounds, besideOwn } = readOptions();
const own = given === undefined ? startProcess(new URL('./source-program.ts', import.meta.url), []) : undefined;
try {
  await measureAll(given ?? (own === undefined ? '' : await nextLine(own)));
} finally {
  own?.kill();
}

async function measureAll(url: string): Promise<void> {
  const server = await meetServer(url);
  const cpu = cpus()[0]?.model ?? 'unknown';
  console.log('## Scans\n');
  console.log(
    own === undefined
      ? `Source: ${server.title}.`
      : 'Source: demo/server, which is not a CouchDB: its times are not either.',
  );
  console.log(`Node.js ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} x ${cpu}.`);
  console.log('Figures are medians (least to most); a ratio is that of two scans of the same round.\n');

  tell(`loading ${documents} documents, unless they are there`);
  const path = await provideDatabase(server, 'scan', dataSet('mixed'), documents);
  const times = await measureTimes(server.url, path);
  console.log(`### ${documents} ${dataSet('mixed').title}\n\n${timesTable(times).join('\n')}`);
  console.log('\n### A second scan, after one document in a hundred has changed\n');
  console.log(secondTable(times.get(twice) ?? []).join('\n'));

  console.log('\n### Memory\n');
  const peaks: string[][] = [];
  for (const count of memory) {
    tell(`loading ${count} small documents, unless they are there`);
    const small = server.url + (await provideDatabase(server, 'small', dataSet('small'), count));
    const found: number[] = [];
    for (let round = 0; round < rounds; round += 1) found.push(...peaksOf([await measure(small, text.settings)]));
    peaks.push([String(count), spread(found, 0)]);
  }
  console.log(formatTable([['documents of 0.1 kB', 'peak MiB'], ...peaks]).join('\n'));
}

function timesTable(times: ReadonlyMap<Contestant, readonly ScanMeasurement[]>): string[] {
  const plain = (times.get(none) ?? []).map(secondsOf);
  const contestants = besideOwn ? [none, text, native, couchdb] : [none, text, native];
  const rows = contestants.map((contestant) => {
    const all = times.get(contestant) ?? [];
    const findings = String(all[0]?.runs[0]?.findings ?? '');
    const seconds = all.map(secondsOf);
    const peak = summarize(peaksOf(all))?.median.toFixed(0) ?? '';
    return [contestant.title, spread(seconds), spread(ratios(seconds, plain)), peak, findings];
  });
  return formatTable([['', 'seconds', 'to no work', 'peak MiB', 'findings'], ...rows]);
}

function secondTable(all: readonly ScanMeasurement[]): string[] {
  const [first = [], second = []] = [0, 1].map((index) => all.map(({ runs }) => runs[index]?.seconds));
  const seen = all[0]?.runs.map((run) => String(run.documents)) ?? [];
  return formatTable([
    ['', 'first', 'second', 'second to first'],
    ['seconds', spread(first), spread(second), spread(ratios(second, first), 3)],
    ['documents', ...seen, ''],
  ]);
}

/** Measures every contestant in every round. */
async function measureTimes(server: string, path: string): Promise<Map<Contestant, ScanMeasurement[]>> {
  // The first reader pays for what the server then has in its caches.
  await measure(server + path, none.settings);
  const standings = await takeTurns({
    contestants: [none, text, native, twice, ...(besideOwn ? [couchdb] : [])],
    rounds,
    limit: Number.POSITIVE_INFINITY,
    now: () => performance.now(),
    async run(contestant) {
      const value =
        contestant === couchdb ? await measureOwn(server, path) : await measure(server + path, contestant.settings);
      tell(`${contestant.title}: ${value.runs.map(({ seconds }) => `${seconds.toFixed(2)} s`).join(', ')}`);
      return { type: 'measured', value } as const;
    },
  });
  return new Map(
    [...standings].map(([contestant, outcomes]) => [
      contestant,
      outcomes.flatMap((outcome) => (outcome.type === 'measured' ? [outcome.value] : [])),
    ]),
  );
}

/** Has a process of its own scan. */
async function measure(url: string, settings: Settings): Promise<ScanMeasurement> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  try {
    const task = await writeTask(directory, url, settings);
    const child = startProcess(new URL('./scan-program.ts', import.meta.url), [task]);
    const measurement: ScanMeasurement = JSON.parse(await nextLine(child));
    await child.ended;
    return measurement;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureOwn(server: string, path: string): Promise<ScanMeasurement> {
  const seconds = await ownScan(server, path.slice(1), textPatterns());
  return { runs: [{ seconds }] };
}

function readOptions() {
  const string = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { documents: string, memory: string, rounds: string, 'own-scanner': { type: 'boolean', default: false } },
  });
  return {
    url: positionals[0],
    documents: number('documents', values.documents ?? '20000'),
    memory: (values.memory ?? '10000,200000').split(',').map((count) => number('memory', count)),
    rounds: number('rounds', values.rounds ?? '5'),
    besideOwn: values['own-scanner'],
  };
}

function number(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new Error(`Option --${name} takes whole numbers from 1, not ${JSON.stringify(value)}\n\n${USAGE}`);
}

function secondsOf({ runs }: ScanMeasurement): number | undefined {
  return runs[0]?.seconds;
}

/** In mebibytes, of those that say so. */
function peaksOf(all: readonly ScanMeasurement[]): number[] {
  return all.flatMap(({ peak }) => (peak === undefined ? [] : [peak / MEBIBYTE]));
}

function spread(values: readonly (number | undefined)[], digits = 2): string {
  const summary = summarize(values.filter((value) => value !== undefined));
  if (summary === undefined) return '';
  const [median, least, most] = [summary.median, summary.least, summary.most].map((value) => value.toFixed(digits));
  return `${median} (${least} to ${most})`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
