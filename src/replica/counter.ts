import { StoreError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-value.ts';
import { decodeJson } from '../kv/json.ts';
import type { Entry } from '../kv/kv.ts';
import { isCount } from './count.ts';

/** What every commit of a replica changes and is guarded by. */
export interface Counter {
  /** New with every commit: a writer whose commit finds another token than it began with has lost its race. */
  readonly token: string;
  /** Changes of documents so far. */
  readonly seq: number;
  /** The next number for a run of pages or a segment of bodies: both are counted together. */
  readonly next: number;
  /** No segment below this number is in use. */
  readonly oldest: number;
  /** Bytes of bodies in segments. */
  readonly bodyBytes: number;
  /** How many of them no document names any more, about. */
  readonly deadBytes: number;
  /** Changes that the records of their order hold, those that no longer hold among them, and how many records there are since they were last joined. */
  readonly sequenced: number;
  readonly sequenceRecords: number;
  /** Documents whose winner is no tombstone. */
  readonly docCount: number;
  /** Documents whose winner is a tombstone. */
  readonly docDelCount: number;
  /** Attachments that stored revisions name and whose content is not here. */
  readonly attachmentsMissing: number;
  /** Revisions on record as failed. */
  readonly failures: number;
}

/**
 * @throws StoreError when the replica is gone, or what stands in its place is not a counter
 */
export function decodeCounter(entry: Entry | undefined, name: string): Counter {
  if (entry === undefined)
    throw new StoreError(`The replica ${JSON.stringify(name)} was destroyed; open it anew`, 'missing');
  const value = decodeJson(entry.value);
  if (isJsonObject(value) && typeof value['token'] === 'string' && COUNTS.every((count) => isCount(value[count]))) {
    const { token, ...counts } = value;
    return { ...firstCounter(String(token)), ...counts };
  }
  throw new StoreError(`The replica ${JSON.stringify(name)} is damaged: its counter cannot be read`, 'corrupt');
}

/** The counter of a replica in which nothing has been written. */
export function firstCounter(token: string): Counter {
  return {
    token,
    seq: 0,
    next: 1,
    oldest: 1,
    bodyBytes: 0,
    deadBytes: 0,
    sequenced: 0,
    sequenceRecords: 0,
    docCount: 0,
    docDelCount: 0,
    attachmentsMissing: 0,
    failures: 0,
  };
}

const COUNTS = [
  'seq',
  'next',
  'oldest',
  'bodyBytes',
  'deadBytes',
  'sequenced',
  'sequenceRecords',
  'docCount',
  'docDelCount',
  'attachmentsMissing',
  'failures',
] as const;
