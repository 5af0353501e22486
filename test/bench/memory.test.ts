import { expect, onTestFinished, test } from 'vitest';
import { isSoak } from '../faults/scale.ts';
import { nextLine, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { dataSet } from './data-sets.ts';
import type { Measurement } from './measure.ts';
import { meetServer, provideDatabase } from './source.ts';
import { writeTask } from './task.ts';

const FEW = 20_000;
const MANY = 200_000;
/** Mebibytes. */
const SHORT = 1;
const LONG = isSoak ? 500 : 100;
const MEBIBYTE = 1024 * 1024;

const LIMITS = ['--max-old-space-size=96'];

test(`a pull of ${MANY} documents needs as much memory as one of ${FEW}`, { timeout: 300_000 }, async () => {
  const [few, many] = await typical(
    () => measurePull(FEW),
    () => measurePull(MANY),
  );
  console.log(`Peak RSS: ${mebibytes(few)} MiB for ${FEW} documents, ${mebibytes(many)} MiB for ${MANY}`);
  expect([few.contents, many.contents]).toEqual([FEW, MANY].map((count) => ({ documents: count, leaves: count })));
  expect(many.peak - few.peak).toBeLessThanOrEqual(32 * MEBIBYTE);
});

test(`an attachment of ${LONG} MiB needs little more memory than one of ${SHORT}`, { timeout: 300_000 }, async () => {
  const short = await measureAttachment(SHORT);
  const long = await measureAttachment(LONG);
  console.log(`Peak RSS: ${mebibytes(short)} MiB for ${SHORT} MiB, ${mebibytes(long)} MiB for ${LONG} MiB`);
  expect(long.peak - short.peak).toBeLessThanOrEqual(64 * MEBIBYTE);
});

/** When the collector runs is chance, and moves a peak by some mebibytes: of three runs of each, in turn, those in the middle. */
async function typical<T extends readonly (() => Promise<Measurement>)[]>(
  ...measures: T
): Promise<{ [Index in keyof T]: Measurement }> {
  const runs: Measurement[][] = measures.map(() => []);
  for (let round = 0; round < 3; round += 1) {
    for (const [index, measured] of measures.entries()) runs[index]?.push(await measured());
  }
  return runs.map((of) => of.sort((a, b) => a.peak - b.peak)[1]) as { [Index in keyof T]: Measurement };
}

/** Pulls so many small documents into a directory. */
function measurePull(count: number): Promise<Measurement> {
  return measure('./source-program.ts', [], async (line) => {
    const server = await meetServer(line);
    return server.url + (await provideDatabase(server, 'small', dataSet('small'), count));
  });
}

/** Pulls a document with an attachment of so many mebibytes into a directory. */
function measureAttachment(length: number): Promise<Measurement> {
  return measure('./attachment-source-program.ts', [String(length)], async (line) => line);
}

/**
 * Pulls a source, which has a process of its own, into a directory.
 *
 * @param databaseAt makes the url of the database of what the process says first
 */
async function measure(
  sourceProgram: string,
  args: readonly string[],
  databaseAt: (line: string) => Promise<string>,
): Promise<Measurement> {
  const source = startProcess(new URL(sourceProgram, import.meta.url), args);
  onTestFinished(() => source.kill());
  const url = await databaseAt(await nextLine(source));
  const task = await writeTask(await temporaryDirectory(), url, { store: 'fs', memory: 'flat' });
  const child = startProcess(new URL('./couchtide-program.ts', import.meta.url), [task], LIMITS);
  onTestFinished(() => child.kill());
  const measurement: Measurement = JSON.parse(await nextLine(child));
  for (const process of [child, source]) process.kill();
  await Promise.all([child.ended, source.ended]);
  return measurement;
}

function mebibytes({ peak }: Measurement): number {
  return Math.round(peak / MEBIBYTE);
}
