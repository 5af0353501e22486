import { StoreError } from '../../core/errors.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Kv } from '../../kv/kv.ts';
import { list } from '../../kv/list.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';

/** A document and a change of it. It holds as long as the document has not changed again. */
export interface SequencedId {
  readonly seq: number;
  readonly id: string;
}

/** A record of the order of local changes is closed when it has reached this size in UTF-16 units. */
const RECORD_LENGTH = 16 * 1024;

/**
 * The order of local changes as records, each with many changes, under the number of the last of them.
 *
 * @param writer told apart by it: a writer who lost his race may leave records that say nothing true, and must not meet those of others
 */
export function sequenceRecords(layout: Layout, changes: readonly SequencedId[], writer: number): Mutation[] {
  const records: Mutation[] = [];
  let open: [number, string][] = [];
  let length = 0;
  const close = (): void => {
    const [last] = open.at(-1) ?? [0];
    if (open.length > 0) records.push([layout.sequenced(last, writer), encodeJson(open)]);
    open = [];
    length = 0;
  };
  for (const { seq, id } of changes) {
    open.push([seq, id]);
    length += id.length + 12;
    if (length >= RECORD_LENGTH) close();
  }
  close();
  return records;
}

/** Whether a record is large enough to stay as it is. */
export function isFullRecord([, value]: Mutation): boolean {
  return value.length >= RECORD_LENGTH / 2;
}

/** @throws StoreError (`corrupt`) when the bytes are no such record */
export function decodeSequence(bytes: Uint8Array): SequencedId[] {
  const value = decodeJson(bytes);
  if (!Array.isArray(value)) throw damaged();
  return value.map((change: unknown) => {
    const [seq, id]: unknown[] = Array.isArray(change) ? change : [];
    if (typeof seq !== 'number' || typeof id !== 'string') throw damaged();
    return { seq, id };
  });
}

/** The changes after one, in order, a record at a time. Of some it can turn out that they do not hold any more. */
export async function* readSequence(
  kv: Kv,
  layout: Layout,
  since: number,
): AsyncGenerator<readonly SequencedId[], void, undefined> {
  const range = { prefix: layout.sequence, from: layout.sequencedFrom(since + 1) };
  let told = since;
  for await (const { value } of list(kv, range, { pageSize: 16 })) {
    // Records may have been joined since the last page, so what was told can come again.
    const changes = decodeSequence(value).filter(({ seq }) => seq > told);
    if (changes.length === 0) continue;
    yield changes;
    told = changes.at(-1)?.seq ?? told;
  }
}

function damaged(): StoreError {
  return new StoreError(
    'The replica is damaged: the order of its changes cannot be read; pull it into a new replica',
    'corrupt',
  );
}
