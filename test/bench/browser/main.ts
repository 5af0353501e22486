/**
 * `npm run bench:browser -- [server url]`: how long it takes a page to bring a whole database into IndexedDB: couchtide, in the window
 * and in a worker, beside its peers.
 *
 * Every run has a browser of its own, with a new profile on disk; the contestants take turns, and read through the same server that
 * their pages come from. Figures go to stdout, progress to stderr.
 *
 * @module
 */
import { cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { type BrowserName, browserNames, placeOf } from '../../browser/browsers.ts';
import { nextLine, startProcess } from '../../support/process.ts';
import { dataSet } from '../data-sets.ts';
import { installPeers } from '../peers.ts';
import { formatTable } from '../report.ts';
import { type Outcome, type Rounds, takeTurns } from '../rounds.ts';
import { meetServer, provideDatabase } from '../source.ts';
import { ratios, summarize } from '../statistics.ts';
import { type BrowserRun, competeIn } from './compete.ts';
import { type BrowserContestant, browserContestants, WORKER } from './contestants.ts';
import { type Stage, setStage } from './stage.ts';

const USAGE = `npm run bench:browser -- [options] [server url]
  --browsers chromium,firefox
  --documents 20000    documents of 1 kB
  --rounds 5           how often each contestant runs in each browser
  --only couchtide,... contestants: ${browserContestants.map(({ name }) => name).join(', ')}
  --limit 600          seconds that a contestant has for all its rounds in a browser`;

/** What all others are held against, where it takes part. */
const MEASURE = 'pouchdb';

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browsers: text, documents: text, rounds: text, only: text, limit: text, help: { type: 'boolean' } },
});
const documents = Number(values.documents ?? 20_000);
const rounds = Number(values.rounds ?? 5);
const limit = Number(values.limit ?? 600) * 1000;
const browsers = chosen(values.browsers, browserNames, (name) => name);
const contestants = chosen(values.only, browserContestants, ({ name }) => name);

if (values.help) console.log(USAGE);
else await measureAll();

/** Those of some that an option names; all without one. */
function chosen<T>(option: string | undefined, all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  if (option === undefined) return all;
  return option.split(',').map((name) => {
    const found = all.find((one) => nameOf(one) === name);
    if (found === undefined) throw new Error(`There is no ${JSON.stringify(name)}\n\n${USAGE}`);
    return found;
  });
}

async function measureAll(): Promise<void> {
  if (contestants.some(({ isPeer }) => isPeer)) await installPeers(tell);
  const [given] = positionals;
  const own = given === undefined ? startProcess(new URL('../source-program.ts', import.meta.url), []) : undefined;
  let stage: Stage | undefined;
  try {
    const server = await meetServer(given ?? (own === undefined ? '' : await nextLine(own)));
    tell(`Loading ${documents} documents, unless they are there`);
    const path = await provideDatabase(server, 'a', dataSet('a'), documents);
    stage = await setStage(await programs(), server.url + path);
    const source = own === undefined ? server.title : 'demo/server, which is not a CouchDB';
    console.log(`## First pull of ${documents} documents of 1 kB into IndexedDB\n`);
    console.log(`Source: ${source}. ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}.`);
    console.log('Figures are medians (least to most); a ratio is that of two runs of the same round, above 1 faster.');
    console.log('A task of under 50 ms is no long one; a gap is how late a timer rang, whoever was to blame.\n');
    for (const { name, title } of contestants) console.log(`- ${name}: ${title}`);
    for (const browser of browsers) await measureIn(browser, stage);
  } finally {
    await stage?.close();
    own?.kill();
  }
}

/** A page for each contestant. */
async function programs(): Promise<Record<string, string>> {
  const served: Record<string, string> = { '/worker.js': await bundle(WORKER) };
  for (const { name, program } of contestants) {
    served[`/${name}.html`] = `<!doctype html><title>${name}</title><script type="module" src="./${name}.js"></script>`;
    served[`/${name}.js`] = await bundle(program);
  }
  return served;
}

/** As pages get it: minified, so that no program is longer to read than it has to be. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Some libraries look for it.
    define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
    write: false,
    logLevel: 'error',
  });
  return outputFiles.map(({ text }) => text).join('');
}

async function measureIn(browser: BrowserName, stage: Stage): Promise<void> {
  if (placeOf(browser) === undefined) {
    tell(`left out: ${browser} is not installed`);
    return;
  }
  const standings = await takeTurns({
    contestants,
    rounds,
    limit,
    now: () => performance.now(),
    async run(contestant: BrowserContestant, left: number): Promise<Outcome<BrowserRun>> {
      const outcome = await competeIn(browser, contestant, { stage, documents, limit: left });
      tell(`${browser}: ${contestant.name} ${JSON.stringify(outcome)}`);
      return outcome;
    },
  });
  console.log(`\n### ${browser}\n\n${formatStandings(standings).join('\n')}`);
  for (const [{ name }, outcomes] of standings) {
    for (const outcome of outcomes) if (outcome.type === 'failed') console.log(`- ${name} failed: ${outcome.reason}`);
  }
}

function formatStandings(standings: ReadonlyMap<BrowserContestant, Rounds<BrowserRun>>): string[] {
  const measure = [...standings].find(([{ name }]) => name === MEASURE)?.[1] ?? [];
  const head = [
    '',
    'seconds',
    `times ${MEASURE}`,
    'first document s',
    'longest task ms',
    'longest gap ms',
    'requests',
    'rounds',
  ];
  const rows = [...standings].map(([{ name }, outcomes]) => {
    const runs = outcomes.flatMap((outcome) => (outcome.type === 'measured' ? [outcome.value] : []));
    const tasks = runs.flatMap(({ longestTask }) => longestTask ?? []);
    return [
      name,
      spread(
        runs.map(({ duration }) => duration / 1000),
        2,
      ),
      spread(ratios(durations(measure), durations(outcomes)), 1),
      spread(
        runs.map(({ firstDocument }) => firstDocument / 1000),
        2,
      ),
      spread(tasks, 0),
      spread(
        runs.map(({ longestGap }) => longestGap),
        0,
      ),
      spread(
        runs.map(({ requests }) => requests),
        0,
      ),
      `${runs.length} of ${rounds}`,
    ];
  });
  return formatTable([head, ...rows]);
}

/** Round by round, undefined where it was not measured. */
function durations(outcomes: Rounds<BrowserRun>): (number | undefined)[] {
  return outcomes.map((outcome) => (outcome.type === 'measured' ? outcome.value.duration : undefined));
}

function spread(values: readonly number[], digits: number): string {
  const summary = summarize(values);
  if (summary === undefined) return '';
  const [median, least, most] = [summary.median, summary.least, summary.most].map((value) => value.toFixed(digits));
  return least === most ? `${median}` : `${median} (${least} to ${most})`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
