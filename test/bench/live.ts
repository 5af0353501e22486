/**
 * `node test/bench/live.ts [<memory | fs> [<audience>…]]`: how much a hundred live queries slow a pull of 20,000 documents.
 *
 * Every pull has a process of its own. Audiences take turns, so that what else the machine does falls on all of them; the
 * ratio is that to the pull of the same round which nobody watched. ROUNDS sets how many rounds there are.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { nextLine, startProcess } from '../support/process.ts';
import type { LiveMeasurement } from './live-program.ts';
import { COUNT, serveLiveSource } from './live-source.ts';
import { summarize } from './statistics.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('ROUNDS must be a whole number from 1');

const [store = 'memory', ...named] = process.argv.slice(2);
const audiences = ['nobody', ...(named.length > 0 ? named : ['documents', 'lists', 'mixed', 'everything'])];

const source = await serveLiveSource();
const measured = new Map<string, LiveMeasurement[]>(audiences.map((audience) => [audience, []]));
try {
  // The first pays for what nobody has in his caches yet.
  await run('nobody');
  for (let round = 0; round < rounds; round += 1) {
    for (const audience of audiences) measured.get(audience)?.push(await run(audience));
  }
} finally {
  await source.close();
}

console.log(`${COUNT} documents into ${store}, medians of ${rounds} rounds`);
const alone = measured.get('nobody') ?? [];
for (const [audience, runs] of measured) {
  const median = (values: readonly number[]): string => (summarize(values)?.median ?? Number.NaN).toFixed(2);
  const ratioOf = (member: 'seconds' | 'processor'): string =>
    median(runs.map((one, round) => one[member] / (alone[round]?.[member] ?? Number.NaN)));
  const seconds = median(runs.map((one) => one.seconds));
  const untilShown = median(runs.map((one) => one.untilShown));
  const emissions = Math.round(Number(median(runs.map((one) => one.emissions))));
  console.log(
    `${audience.padEnd(10)}  ${seconds} s, ratio ${ratioOf('seconds')}, of processor time ${ratioOf('processor')}; ` +
      `${emissions} emissions, the last ${untilShown} s after the pull`,
  );
}

async function run(audience: string): Promise<LiveMeasurement> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  const program = new URL('./live-program.ts', import.meta.url);
  const child = startProcess(program, [audience, store, source.url, directory]);
  try {
    const measurement: LiveMeasurement = JSON.parse(await nextLine(child));
    await child.ended;
    return measurement;
  } finally {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}
