import { expect, onTestFinished, test } from 'vitest';
import { nextLine, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { dataSet } from './data-sets.ts';
import type { Measurement } from './measure.ts';
import { meetServer, provideDatabase } from './source.ts';
import { writeTask } from './task.ts';

const FEW = 20_000;
const MANY = 200_000;
const MEBIBYTE = 1024 * 1024;

const LIMITS = ['--max-old-space-size=96'];

test(`a pull of ${MANY} documents needs as much memory as one of ${FEW}`, { timeout: 300_000 }, async () => {
  const few = await measurePull(FEW);
  const many = await measurePull(MANY);
  console.log(`Peak RSS: ${mebibytes(few)} MiB for ${FEW} documents, ${mebibytes(many)} MiB for ${MANY}`);
  expect([few.contents, many.contents]).toEqual([FEW, MANY].map((count) => ({ documents: count, leaves: count })));
  expect(many.peak - few.peak).toBeLessThanOrEqual(32 * MEBIBYTE);
});

/** Pulls so many small documents into a directory; the source has a process of its own. */
async function measurePull(count: number): Promise<Measurement> {
  const source = startProcess(new URL('./source-program.ts', import.meta.url), []);
  onTestFinished(() => source.kill());
  const server = await meetServer(await nextLine(source));
  const url = server.url + (await provideDatabase(server, 'small', dataSet('small'), count));
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
