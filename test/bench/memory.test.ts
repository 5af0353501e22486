import { expect, onTestFinished, test } from 'vitest';
import { nextLine, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { Measured } from './measured-program.ts';

const FEW = 20_000;
const MANY = 200_000;
const MEBIBYTE = 1024 * 1024;

const LIMITS = ['--max-old-space-size=96'];

test(`a pull of ${MANY} documents needs as much memory as one of ${FEW}`, { timeout: 300_000 }, async () => {
  const few = await measurePull(FEW);
  const many = await measurePull(MANY);
  console.log(`Peak RSS: ${mebibytes(few)} MiB for ${FEW} documents, ${mebibytes(many)} MiB for ${MANY}`);
  expect(many.bytes).toBeGreaterThan(9 * few.bytes);
  expect(many.peak - few.peak).toBeLessThanOrEqual(32 * MEBIBYTE);
});

/** Pulls so many small documents into a directory; the source has a process of its own. */
async function measurePull(count: number): Promise<Measured> {
  const source = startProcess(new URL('./source-program.ts', import.meta.url), ['small', String(count)]);
  onTestFinished(() => source.kill());
  const url = await nextLine(source);
  const program = new URL('./measured-program.ts', import.meta.url);
  const child = startProcess(program, ['fs', url, await temporaryDirectory()], LIMITS);
  onTestFinished(() => child.kill());
  const measured: Measured = JSON.parse(await nextLine(child));
  source.kill();
  await Promise.all([child.ended, source.ended]);
  return measured;
}

function mebibytes({ peak }: Measured): number {
  return Math.round(peak / MEBIBYTE);
}
