import { expect, onTestFinished, test } from 'vitest';
import { isSoak } from '../faults/scale.ts';
import { nextLine, startProcess } from '../support/process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { Measured } from './measured-program.ts';

const FEW = 20_000;
const MANY = 200_000;
/** Mebibytes. */
const SHORT = 1;
const LONG = isSoak ? 500 : 100;
const MEBIBYTE = 1024 * 1024;

const LIMITS = ['--max-old-space-size=96'];

test(`a pull of ${MANY} documents needs as much memory as one of ${FEW}`, { timeout: 300_000 }, async () => {
  const few = await measurePull(FEW);
  const many = await measurePull(MANY);
  console.log(`Peak RSS: ${mebibytes(few)} MiB for ${FEW} documents, ${mebibytes(many)} MiB for ${MANY}`);
  expect(many.bytes).toBeGreaterThan(9 * few.bytes);
  expect(many.peak - few.peak).toBeLessThanOrEqual(32 * MEBIBYTE);
});

test(`an attachment of ${LONG} MiB needs little more memory than one of ${SHORT}`, { timeout: 300_000 }, async () => {
  const short = await measureAttachment(SHORT);
  const long = await measureAttachment(LONG);
  console.log(`Peak RSS: ${mebibytes(short)} MiB for ${SHORT} MiB, ${mebibytes(long)} MiB for ${LONG} MiB`);
  expect(long.bytes).toBeGreaterThan(LONG * MEBIBYTE);
  expect(long.peak - short.peak).toBeLessThanOrEqual(64 * MEBIBYTE);
});

/** Pulls so many small documents into a directory. */
function measurePull(count: number): Promise<Measured> {
  return measure('./source-program.ts', ['small', String(count)]);
}

/** Pulls a document with an attachment of so many mebibytes into a directory. */
function measureAttachment(length: number): Promise<Measured> {
  return measure('./attachment-source-program.ts', [String(length)]);
}

/** Pulls a source, which has a process of its own, into a directory. */
async function measure(sourceProgram: string, args: readonly string[]): Promise<Measured> {
  const source = startProcess(new URL(sourceProgram, import.meta.url), args);
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
