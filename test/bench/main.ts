/**
 * `npm run bench -- [server url]`: how long it takes to bring whole databases into an empty target: the floor, couchtide, and
 * its peers, side by side.
 *
 * Data sets are loaded into databases whose names begin with `couchtide-bench-`, and stay there for the next time. Every
 * run has a process of its own, and reads through a proxy in another one that counts and adds the latency, the floor's
 * too. The contestants take turns. Figures go to stdout, progress to stderr.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import { nextLine, type Process, startProcess } from '../support/process.ts';
import { type Course, compete, type Run } from './compete.ts';
import { type Contestant, contestants, isPeer } from './contestants.ts';
import { contentsOf, dataSet } from './data-sets.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { installPeers } from './peers.ts';
import { formatResult } from './report.ts';
import { type Outcome, type Rounds, takeTurns } from './rounds.ts';
import { type BenchServer, meetServer, provideDatabase } from './source.ts';

/** Every measurement of one set at one latency, by contestant. */
interface Cell {
  readonly set: string;
  readonly documents: number;
  readonly latency: number;
  readonly outcomes: Readonly<Record<string, Rounds<Run>>>;
}

const options = readOptions();
const peers: string[] = [];
let own: Process | undefined;
try {
  if (options.contestants.some(isPeer)) peers.push(...(await installPeers(tell)));
  const url = options.url ?? (await startOwn());
  await measureAll(await meetServer(url));
} catch (error) {
  tell(messageOf(error));
  process.exitCode = 1;
} finally {
  own?.kill();
}

function readOptions(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    tell(`${messageOf(error)}\n\n${USAGE}`);
    return process.exit(2);
  }
}

/** Starts `demo/server`; gives its url. */
async function startOwn(): Promise<string> {
  own = startProcess(new URL('./source-program.ts', import.meta.url), []);
  return nextLine(own);
}

async function measureAll(server: BenchServer): Promise<void> {
  for (const line of introduction(server)) console.log(line);
  const cells: Cell[] = [];
  for (const name of options.sets) {
    const set = dataSet(name);
    const documents = options.documents ?? set.count;
    tell(`${name}: loading ${documents} documents, unless they are there`);
    const path = await provideDatabase(server, name, set, documents);
    const contents = contentsOf(set.revisions(documents));
    for (const latency of options.latencies) {
      const title = `${name}: ${documents} ${set.title}; ${latency} ms`;
      const standings = await measureCourse(title, { url: server.url + path, contents, latency });
      console.log(`\n${formatResult({ title, rounds: options.rounds, limit: options.limit, standings }).join('\n')}`);
      cells.push({ set: name, documents, latency, outcomes: Object.fromEntries(standings) });
      // After each, as it may be long until the last.
      if (options.json !== undefined)
        await writeFile(options.json, `${JSON.stringify(facts(server, cells), null, 2)}\n`);
    }
  }
}

async function measureCourse(title: string, course: Course): Promise<Map<string, Rounds<Run>>> {
  const { rounds, limit } = options;
  const [floor] = contestants;
  // The first reader pays for what the server then has in its caches.
  if (floor !== undefined) await compete(floor, course, limit);
  const run = async (contestant: Contestant, left: number): Promise<Outcome<Run>> => {
    const outcome = await compete(contestant, course, left);
    tell(`${title}: ${contestant.name} ${toldOf(outcome)}`);
    return outcome;
  };
  const standings = await takeTurns({
    contestants: options.contestants,
    rounds,
    limit,
    run,
    now: () => performance.now(),
  });
  return new Map([...standings].map(([{ name }, outcomes]) => [name, outcomes]));
}

function introduction(server: BenchServer): string[] {
  const legend = options.contestants.map(({ name, title }) => `- ${name}: ${title}`);
  return [
    '## First pull into an empty target',
    '',
    own === undefined
      ? `Source: ${server.title}.`
      : 'Source: demo/server, which is not a CouchDB: requests are the same there, times are not.',
    `Node.js ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}.`,
    'Seconds and ratios are medians (least to most); a ratio is that of two runs of the same round, and above 1 slower.',
    'MiB received are bytes on the wire; peak is the most memory that the process had resident.',
    ...(peers.length > 0 ? [`Peers: ${peers.join(', ')}.`] : []),
    '',
    ...legend,
  ];
}

function facts({ title }: BenchServer, cells: readonly Cell[]): object {
  const { rounds, limit } = options;
  const server = own === undefined ? title : 'demo/server';
  return {
    server,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    peers,
    rounds,
    limit,
    cells,
  };
}

function toldOf(outcome: Outcome<Run>): string {
  if (outcome.type === 'failed') return `failed: ${outcome.reason}`;
  return outcome.type === 'late' ? 'took too long' : `${outcome.value.seconds.toFixed(2)} s`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
