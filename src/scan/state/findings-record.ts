import { StoreError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Entry } from '../../kv/kv.ts';
import type { Finding } from '../events.ts';

/** What was found in one object, or a part of it where that is much. */
export interface FindingsRecord {
  /** Which passage has found it: what later passages do not find again is taken out. */
  readonly passage: string;
  /** How many records there are of the object. */
  readonly parts: number;
  readonly findings: readonly Finding[];
}

/**
 * The records of what was found in an object, each small enough for the store.
 *
 * @param room bytes of one record
 */
export function encodeFindings(passage: string, findings: readonly Finding[], room: number): Uint8Array[] {
  const parts: Finding[][] = [];
  let left = 0;
  for (const finding of findings) {
    const size = encodeJson(finding).byteLength + 1;
    if (parts.length === 0 || size > left) {
      parts.push([]);
      left = room - FRAME;
    }
    parts.at(-1)?.push(finding);
    left -= size;
  }
  return parts.map((part) => encodeJson({ passage, parts: parts.length, findings: part }));
}

/** Bytes of a record beside its findings. */
const FRAME = 200;

/** @throws StoreError (`corrupt`) for what is no such record */
export function decodeFindings({ value }: Entry): FindingsRecord {
  const record = decodeJson(value);
  if (isJsonObject(record) && typeof record['parts'] === 'number' && Array.isArray(record['findings'])) {
    return record as unknown as FindingsRecord;
  }
  throw new StoreError('What a scan has found is damaged in the store: scan again from scratch', 'corrupt');
}
