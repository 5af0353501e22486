import { isLeaseLostError, JobCancelledError, LeaseLostError } from '../core/errors.ts';
import type { Job } from './job.ts';
import type { JobPlatform } from './job-store.ts';

/** Beats within the timeout of a job's type. */
const BEATS = 3;

/**
 * Keeps a job held while it is worked on.
 *
 * @param timeout of the job's type, in milliseconds
 * @param onEnd told once that the work must end: with a {@link LeaseLostError} when the job is held no more, or when that could
 *   not be confirmed for the whole timeout; with a {@link JobCancelledError} when somebody asked for it
 * @param signal ends the beating
 */
export async function beat(
  job: Job,
  timeout: number,
  onEnd: (reason: LeaseLostError | JobCancelledError) => void,
  platform: JobPlatform,
  signal: AbortSignal,
): Promise<void> {
  let confirmed = platform.elapsed();
  for (let isAsked = false; ; ) {
    // It rejects with the reason of the abort, which is the way to end here.
    await platform.sleep(timeout / BEATS, signal).catch(() => {});
    if (signal.aborted) return;
    const sent = platform.elapsed();
    try {
      await job.update();
      confirmed = sent;
    } catch (error) {
      if (isLeaseLostError(error)) {
        onEnd(error);
        return;
      }
      if (platform.elapsed() - confirmed >= timeout) {
        const name = JSON.stringify(job.id);
        onEnd(
          new LeaseLostError(`The store did not confirm for ${timeout} ms that the job ${name} is held`, {
            cause: error,
          }),
        );
        return;
      }
    }
    if (!isAsked && job.cancelRequested) {
      isAsked = true;
      onEnd(new JobCancelledError(`Somebody has cancelled the job ${JSON.stringify(job.id)}`));
    }
  }
}
