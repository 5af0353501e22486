import { StoreError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Kv } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { sweep } from '../../kv/sweep.ts';
import { isCount } from '../count.ts';
import type { Layout } from '../layout.ts';
import type { ContentInfo } from './content.ts';

/** A content on its way: what has come of it, and who brings it. */
export interface TransferRecord extends Pick<ContentInfo, 'length' | 'encoding'> {
  /** Bytes that have come and are stored. */
  readonly bytes: number;
  readonly pieceBytes: number;
  /** Who writes it, new with everyone who goes on with it; nobody does when it is absent. */
  readonly owner?: string;
  /** When it was last written, in milliseconds since 1970. */
  readonly touched: number;
  /** It is of no use any more, and being deleted. */
  readonly isOver?: boolean;
}

/**
 * @throws StoreError (`corrupt`) for what is none
 */
export function decodeTransfer(value: Uint8Array): TransferRecord {
  const record = decodeJson(value);
  if (isJsonObject(record)) {
    const { length, encoding, bytes, pieceBytes, owner, touched, isOver } = record;
    if (isCount(length) && isCount(bytes) && isCount(pieceBytes) && typeof touched === 'number') {
      return {
        length,
        bytes,
        pieceBytes,
        touched,
        ...(typeof encoding === 'string' ? { encoding } : {}),
        ...(typeof owner === 'string' ? { owner } : {}),
        ...(isOver === true ? { isOver } : {}),
      };
    }
  }
  throw new StoreError('The replica is damaged: the record of a transfer cannot be read', 'corrupt');
}

export function encodeTransfer(record: TransferRecord): Uint8Array {
  return encodeJson(record);
}

/** A transfer that is taken up, as it was left. */
export interface TakenTransfer {
  readonly transfer: string;
  readonly bytes: number;
}

/** How long whoever brings a content may be silent until others take his transfer over, in milliseconds. */
const SILENCE = 15_000;

/** Finds a transfer of the same bytes that nobody goes on with, and makes it one's own. */
export async function takeTransfer(
  kv: Kv,
  layout: Layout,
  digest: string,
  { length, encoding, pieceBytes, owner, now }: Omit<TransferRecord, 'bytes' | 'touched'> & { readonly now: number },
): Promise<TakenTransfer | undefined> {
  const isFree = (record: TransferRecord): boolean =>
    !record.isOver &&
    record.length === length &&
    record.encoding === encoding &&
    record.pieceBytes === pieceBytes &&
    (record.owner === undefined || Math.abs(now - record.touched) > SILENCE);
  for await (const entries of listPages(kv, { prefix: layout.transfersOf(digest) })) {
    for (const { key, value } of entries) {
      if (!isFree(decodeTransfer(value))) continue;
      const taken = await kv.update([key], ([seen]) => {
        const record = seen === undefined ? undefined : decodeTransfer(seen.value);
        // An update whose answer was lost comes again, and finds its own.
        if (record === undefined || (record.owner !== owner && !isFree(record))) return { result: undefined };
        const after = { ...record, ...(owner === undefined ? {} : { owner }), touched: now };
        return { set: [[key, encodeTransfer(after)]], result: record.bytes };
      });
      if (taken !== undefined) return { transfer: String(key.at(-1)), bytes: taken };
    }
  }
  return undefined;
}

/** Deletes a transfer and its pieces, in steps: until the last one it says that it is over. */
export async function dropTransfer(kv: Kv, layout: Layout, digest: string, transfer: string): Promise<void> {
  const key = layout.transfer(digest, transfer);
  const isThere = await kv.update([key], ([seen]) => {
    if (seen === undefined) return { result: false };
    const { owner: _, ...record } = decodeTransfer(seen.value);
    return { set: [[key, encodeTransfer({ ...record, isOver: true })]], result: true };
  });
  if (!isThere) return;
  await sweep(kv, layout.piecesOf(digest, transfer));
  await kv.update([], () => ({ delete: [key], result: undefined }));
}
