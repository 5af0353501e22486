/**
 * `npm run bench [-- <database url>…]`: how long a pull takes against the floor, the least that any program can take
 * which reads all documents from the same server at the same time.
 *
 * Measures two data sets on `demo/server`, or on the CouchDB of COUCHDB_URL in databases that are made and deleted; or
 * the databases that are named. Every run has a process of its own. The ways take turns, and begin with another one in
 * each round, so that what else the machine does falls on all of them. ROUNDS sets how many rounds there are.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { nextLine, startProcess } from '../support/process.ts';
import type { Measured } from './measured-program.ts';
import { existingDatabase, fillDataSet, type Source, serveDataSet } from './sources.ts';
import { summarize } from './statistics.ts';
import { formatTable } from './table.ts';

const WAYS = ['floor', 'memory', 'fs'] as const;

type Way = (typeof WAYS)[number];

const MEBIBYTE = 1024 * 1024;

const rounds = Number(process.env['ROUNDS'] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('ROUNDS must be a whole number from 1');

const server = process.env['COUCHDB_URL'];
const databases = process.argv.slice(2);
const sources: (() => Source | Promise<Source>)[] =
  databases.length > 0
    ? databases.map((url) => () => existingDatabase(url))
    : ['generation-1', 'half-deep'].map((name) => () => {
        return server === undefined ? serveDataSet(name) : fillDataSet(name, server);
      });

console.log(`Node.js ${process.version}, ${process.platform} ${process.arch}, medians of ${rounds} (least to most)`);
for (const open of sources) {
  const source = await open();
  try {
    console.log(`\n${source.title}`);
    for (const line of formatTable(tableOf(await measure(source)))) console.log(line);
  } finally {
    await source.close();
  }
}

async function measure({ url }: Source): Promise<ReadonlyMap<Way, readonly Measured[]>> {
  const measured = new Map<Way, Measured[]>(WAYS.map((way) => [way, []]));
  // The first reader pays for what the server then has in its caches.
  await runOnce('floor', url);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < WAYS.length; turn += 1) {
      const way = WAYS[(round + turn) % WAYS.length] ?? 'floor';
      measured.get(way)?.push(await runOnce(way, url));
    }
  }
  return measured;
}

async function runOnce(way: Way, url: string): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  const child = startProcess(new URL('./measured-program.ts', import.meta.url), [way, url, directory]);
  try {
    const measured: Measured = JSON.parse(await nextLine(child));
    await child.ended;
    return measured;
  } finally {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

function tableOf(measured: ReadonlyMap<Way, readonly Measured[]>): string[][] {
  const floor = summarize((measured.get('floor') ?? []).map(({ seconds }) => seconds)).median;
  const rows = [...measured].map(([way, runs]) => {
    const { median, least, most } = summarize(runs.map(({ seconds }) => seconds));
    return [
      way === 'floor' ? 'floor' : `pull into ${way}`,
      `${median.toFixed(2)} s`,
      `(${least.toFixed(2)} to ${most.toFixed(2)})`,
      (median / floor).toFixed(2),
      String(summarize(runs.map(({ requests }) => requests)).median),
      `${(summarize(runs.map(({ bytes }) => bytes)).median / MEBIBYTE).toFixed(1)} MiB`,
      `${Math.round(summarize(runs.map(({ peak }) => peak)).median / MEBIBYTE)} MiB`,
    ];
  });
  return [['', 'time', 'spread', 'to floor', 'requests', 'received', 'peak RSS'], ...rows];
}
