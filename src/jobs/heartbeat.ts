import { childController } from '../core/abort.ts';
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
  let isOver = false;
  const end = (reason: LeaseLostError): void => {
    if (!isOver) onEnd(reason);
    isOver = true;
  };
  for (let isAsked = false; !isOver; ) {
    // It rejects with the reason of the abort, which is the way to end here.
    await platform.sleep(timeout / BEATS, signal).catch(() => {});
    if (signal.aborted) return;
    const sent = platform.elapsed();
    const answered = childController(signal);
    // Whose machine has slept is given time for an answer all the same.
    const patience = Math.max(timeout - (sent - confirmed), timeout / BEATS);
    platform.sleep(patience, answered.signal).then(
      () => end(unconfirmed(job, timeout)),
      () => {},
    );
    try {
      await job.update();
      confirmed = sent;
    } catch (error) {
      if (isLeaseLostError(error)) end(error);
      else if (platform.elapsed() - confirmed >= timeout) end(unconfirmed(job, timeout, error));
    }
    answered.abort();
    answered.release();
    if (!isOver && !isAsked && job.cancelRequested) {
      isAsked = true;
      onEnd(new JobCancelledError(`Somebody has cancelled the job ${JSON.stringify(job.id)}`));
    }
  }
}

function unconfirmed({ id }: Job, timeout: number, cause?: unknown): LeaseLostError {
  return new LeaseLostError(`The store did not confirm for ${timeout} ms that the job ${JSON.stringify(id)} is held`, {
    cause,
  });
}
