/**
 * `npm run bench:jobs -- [options]`: how many jobs a second go through a queue, and how long it takes to accept one among many.
 *
 * Each figure is of one run in a new store; the handlers do nothing. Figures go to stdout, as Markdown.
 *
 * @module
 */
import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { acceptTime, type JobRates, jobRates, jobRatesOfProcesses } from './job-rates.ts';
import { formatTable } from './report.ts';

const USAGE = `npm run bench:jobs -- [options]
  --jobs 2000                       how many go through each queue
  --workers 1,4,8                   how many work on them in this process
  --processes 4                     how many work on them on disk, each in a process of its own
  --pending 100,1000,10000,100000   among how many one is accepted`;

const STORES = ['memory', 'fs'] as const;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { jobs: text, workers: text, processes: text, pending: text } });
const [jobs = 0] = numbers('jobs', values.jobs ?? '2000');
const workers = numbers('workers', values.workers ?? '1,4,8');
const processes = numbers('processes', values.processes ?? '4');
const pending = numbers('pending', values.pending ?? '100,1000,10000,100000');

console.log('## Jobs\n');
console.log(
  `Node.js ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}.\n`,
);
console.log(`### ${jobs} jobs, a second\n`);
const rates: string[][] = [];
for (const store of STORES) {
  for (const count of workers)
    rates.push([store, `${count} in one process`, ...figures(await jobRates(store, jobs, count))]);
}
for (const count of processes)
  rates.push(['fs', `${count} processes`, ...figures(await jobRatesOfProcesses(jobs, count))]);
console.log(formatTable([['store', 'workers', 'added', 'accepted and finished', 'all three'], ...rates]).join('\n'));

console.log('\n### Accepting one job, milliseconds (median)\n');
const times: string[][] = [];
for (const store of STORES) {
  const row: string[] = [store];
  for (const count of pending) row.push((await acceptTime(store, count)).toFixed(2));
  times.push(row);
}
console.log(formatTable([['store', ...pending.map((count) => `among ${count}`)], ...times]).join('\n'));

function figures({ added, done }: JobRates): string[] {
  return [added, done, 1 / (1 / added + 1 / done)].map((figure) => figure.toFixed(0));
}

function numbers(name: string, list: string): number[] {
  return list.split(',').map((item) => {
    const number = Number(item);
    if (Number.isInteger(number) && number > 0) return number;
    throw new Error(`Option --${name} takes whole numbers from 1, not ${JSON.stringify(item)}\n\n${USAGE}`);
  });
}
