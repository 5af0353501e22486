import type { JobView } from '../../../src/jobs/job-view.ts';
import type { JobEvent } from '../../../src/jobs/worker.ts';
import type { WorkerRecord } from '../../../src/jobs/worker-record.ts';
import { sentence } from '../failure.ts';
import { harmless, plural, printable } from '../wording.ts';

/** A job in one line. */
export function jobLine({ type, id, state, attempt, runAt, workerId, error, cancelRequested }: JobView): string {
  const facts = [
    cancelRequested ? 'asked to stop' : '',
    attempt > 0 ? plural(attempt, 'attempt') : '',
    state === 'pending' && runAt > 0 ? `due ${time(runAt)}` : '',
    workerId === undefined ? '' : `worker ${printable(workerId)}`,
    error === undefined ? '' : harmless(error),
  ];
  return `${state.padEnd(9)} ${[`${printable(type)} ${printable(id)}`, ...facts].filter(Boolean).join(', ')}\n`;
}

/** A job with all that is known of it. */
export function jobText(job: JobView): string {
  const { data, info, priority, epoch, seq, repeat, endedAt } = job;
  const lines = [
    `  data      ${harmless(JSON.stringify(data))}`,
    `  info      ${harmless(JSON.stringify(info))}`,
    `  priority  ${priority}, epoch ${epoch}, seq ${seq}`,
    ...(repeat === undefined ? [] : [`  repeats   every ${repeat} ms`]),
    ...(endedAt === undefined ? [] : [`  ended     ${time(endedAt)}`]),
  ];
  return `${jobLine(job)}${lines.join('\n')}\n`;
}

/** A worker in one line. */
export function workerLine(type: string, { id, runtime, lastSeen, jobs, concurrency }: WorkerRecord): string {
  const has = `${jobs.length} of ${plural(concurrency, 'job')}`;
  return `${printable(type)} worker ${printable(id)}, ${harmless(runtime)}, seen ${time(lastSeen)}, ${has}\n`;
}

/** What has happened to a job in one line. */
export function eventLine(jobType: string, { type, id, attempt, error }: JobEvent): string {
  const why = error === undefined ? '' : `: ${sentence(error)}`;
  return `${type.padEnd(9)} ${printable(jobType)} ${printable(id)}, attempt ${attempt}${why}\n`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
