import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson } from '../../kv/json.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { decodeFailure } from '../failures.ts';
import { isSameKey, type Layout } from '../layout.ts';
import type { FailedRevision } from '../target.ts';
import { problem, type VerifyEvent } from './event.ts';
import type { VerifySubject } from './subject.ts';
import type { VerifyTally } from './tally.ts';
import { tryDecode } from './try-decode.ts';

/** Everything under a replica that is no document and no body: checkpoints, failures, and what does not belong there. */
export async function* inspectRecords(
  { kv, layout, storage }: VerifySubject,
  tally: VerifyTally,
): AsyncGenerator<readonly VerifyEvent[], void, undefined> {
  for await (const entries of listPages(kv, { prefix: layout.checkpoints })) {
    yield entries.flatMap(({ key, value }): VerifyEvent[] => {
      if (key.length !== layout.checkpoints.length + 1) return [unknownRecord(key)];
      if (isJsonObject(tryDecode(decodeJson, value))) return [];
      return [problem('checkpoint', 'The checkpoint cannot be read', { key })];
    });
  }
  for await (const entries of listPages(kv, { prefix: layout.failures })) {
    const events: VerifyEvent[] = [];
    for (const { key, value } of entries) {
      if (!isFailureKey(key, layout)) {
        events.push(unknownRecord(key));
        continue;
      }
      tally.failures += 1;
      const failure = tryDecode(decodeFailure, value);
      if (failure === undefined) events.push(problem('failure', 'The record of a failure cannot be read', { key }));
      else events.push(...(await checkFailure(failure, key, layout)));
    }
    yield events;
  }
  const contents = [layout.contents, layout.pieces, layout.transfers, layout.loose];
  const areas = [...storage.areas, layout.checkpoints, layout.failures, ...contents];
  for await (const key of keysOutside(kv, layout.root, areas)) {
    if (!isSameKey(key, layout.counter) && !isSameKey(key, layout.signal)) yield [unknownRecord(key)];
  }
}

function unknownRecord(key: Key): VerifyEvent {
  return problem('unknown', 'A record of the replica is none that couchtide has written', { key });
}

/** The beginning of an id, and a hash. */
function isFailureKey(key: Key, { failures }: Layout): boolean {
  const parts = key.slice(failures.length);
  return parts.length === 2 && parts.every((part) => typeof part === 'string');
}

async function checkFailure(failure: FailedRevision, key: Key, layout: Layout): Promise<VerifyEvent[]> {
  if (isSameKey(key, await layout.failure(failure.id, failure.rev, failure.attachment)))
    return [{ type: 'failed', ...failure }];
  return [problem('failure', 'The record of a failure is not where its document and revision belong', { key })];
}

/** The keys below a prefix that are in none of some areas, each of which is jumped over, however much it holds. */
async function* keysOutside(kv: Kv, prefix: Key, areas: readonly Key[]): AsyncGenerator<Key, void, undefined> {
  let from: Key | undefined;
  do {
    const range = from === undefined ? { prefix } : { prefix, from };
    const { entries, next } = await kv.page(range, { limit: 1 });
    from = next;
    for (const { key } of entries) {
      const area = areas.find((area) => key.length > area.length && isSameKey(key.slice(0, area.length), area));
      if (area === undefined) yield key;
      // The least text that sorts after the last part of the area, and so after everything in it.
      else from = [...area.slice(0, -1), `${area.at(-1)}\0`];
    }
  } while (from !== undefined);
}
