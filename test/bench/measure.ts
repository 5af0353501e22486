import process from 'node:process';
import type { Contents } from './data-sets.ts';
import { readTask, type Task } from './task.ts';

/** What a run took, as its program prints it. */
export interface Measurement {
  readonly seconds: number;
  /** The most memory that the process ever had resident, in bytes. */
  readonly peak: number;
  readonly contents: Partial<Contents>;
}

/**
 * Runs the task in the file that the first argument of this process names, and prints a {@link Measurement}.
 *
 * @param run ends when everything is stored, and gives what counts it then, which is not measured any more
 */
export async function measure(run: (task: Task) => Promise<() => Promise<Partial<Contents>>>): Promise<void> {
  // Some libraries print; stdout is for the measurement.
  console.log = console.error;
  const task = await readTask(process.argv[2] ?? '');
  const begun = performance.now();
  const count = await run(task);
  const seconds = (performance.now() - begun) / 1000;
  const peak = process.resourceUsage().maxRSS * 1024;
  const measurement: Measurement = { seconds, peak, contents: await count() };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}
