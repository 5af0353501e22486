import type { JobTypeOptions } from '../../jobs/job-type.ts';
import type { JobHandler } from '../../jobs/worker.ts';
import { coordinate } from './coordinate.ts';
import type { ScanEnvironment } from './environment.ts';
import { scanPart } from './part.ts';
import type { PartData, PluginData } from './run-record.ts';

/** How the types of scan jobs are defined: what fails is tried again for as long as nobody disables the plugin. */
export const scannerJobType: JobTypeOptions = {
  timeout: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  retention: 3_600_000,
  // Crashes of plugins have penalties of their own; this is for what else may fail, such as the network.
  backoff: { base: 1000, cap: 60_000 },
};

/** The handler of the jobs of a scanner: those of its plugins, and those of the parts of their scans. */
export function scannerJob(env: ScanEnvironment): JobHandler {
  return async (job, { signal }) => {
    const work = { job, signal };
    if ('scope' in job.data) return scanPart(env, work, job.data as unknown as PartData);
    return coordinate(env, work, job.data as unknown as PluginData);
  };
}
