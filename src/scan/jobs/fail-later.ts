import type { JsonObject } from '../../core/json-value.ts';
import type { PluginRun } from '../run/plugin-run.ts';
import { penaltyAfter } from '../schedule/penalty.ts';
import type { ScanEnvironment, ScanWork } from './environment.ts';

/**
 * Ends a job whose plugin has failed, to be tried again after a penalty that grows with each failure in a row.
 *
 * @param ran for how long it had run, in milliseconds
 */
export async function failLater(
  { penalties, platform }: ScanEnvironment,
  { job }: ScanWork,
  run: Pick<PluginRun, 'error' | 'plugin'>,
  ran: number,
): Promise<JsonObject | undefined> {
  const { errors, delay } = penaltyAfter(Number(job.info['errors'] ?? 0), ran, penalties);
  await job.update({ ...job.info, errors });
  const error = run.error ?? new Error(`The scan plugin ${JSON.stringify(run.plugin.name)} has failed`);
  await job.fail(error, Math.ceil(platform.now() + delay));
  return undefined;
}
