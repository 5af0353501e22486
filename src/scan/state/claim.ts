import { InputError, LeaseLostError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import type { Platform } from '../../core/platform.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Entry, Kv } from '../../kv/kv.ts';
import type { Commit } from './commit.ts';
import type { ScanLayout } from './layout.ts';

/**
 * Takes a scan of a store over: who had it before cannot write any more. No scan belongs to two sources.
 *
 * @returns how it is written from now on, each commit on the condition that nobody else has taken it over since
 * @throws InputError where the store has a scan of this id of another source
 */
export async function claimScan(
  kv: Kv,
  layout: ScanLayout,
  source: string,
  { uuid }: Pick<Platform, 'uuid'>,
): Promise<Commit> {
  const owner = uuid();
  const key = layout.itself;
  await kv.update([key], ([seen]) => {
    const known = recordIn(seen)?.['source'];
    if (known !== undefined && known !== source) {
      throw new InputError(
        `The store has a scan ${JSON.stringify(layout.id)} of ${String(known)}: give the scan of ${source} another id`,
      );
    }
    return { set: [[key, encodeJson({ version: 1, source, owner })]], result: undefined };
  });
  return (decide, guards = []) =>
    kv.update([key, ...guards], ([seen, ...others]) => {
      if (recordIn(seen)?.['owner'] === owner) return decide(others);
      throw new LeaseLostError(
        `The scan ${JSON.stringify(layout.id)} was begun again elsewhere: this run of it has ended`,
      );
    });
}

function recordIn(entry: Entry | undefined): Readonly<Record<string, unknown>> | undefined {
  const record = entry === undefined ? undefined : decodeJson(entry.value);
  return isJsonObject(record) ? record : undefined;
}
