import { isJsonObject } from '../core/json-value.ts';
import { decodeJson } from '../kv/json.ts';
import type { Kv } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import { decodeCounter } from './counter.ts';
import type { Identity } from './identity.ts';
import type { Layout } from './layout.ts';
import type { Checkpoint } from './target.ts';

/** What a replica holds. */
export interface ReplicaInfo {
  readonly name: string;
  readonly uuid: string;
  /** Documents whose winner is no tombstone. */
  readonly docCount: number;
  /** Documents whose winner is a tombstone. */
  readonly docDelCount: number;
  /** Changes of documents so far. */
  readonly updateSeq: number;
  /** Attachments of stored revisions whose content has not been fetched. */
  readonly attachmentsMissing: number;
  /** Revisions that could not be had: see {@link Replica.failed}. */
  readonly failed: number;
  /** Where the pulls into this replica stand. */
  readonly checkpoints: readonly Checkpoint[];
}

/**
 * @throws StoreError when the replica is gone or damaged
 */
export async function readInfo(kv: Kv, layout: Layout, { uuid }: Identity): Promise<ReplicaInfo> {
  const { name } = layout;
  const [entry] = await kv.read([layout.counter]);
  const { docCount, docDelCount, seq, attachmentsMissing, failures } = decodeCounter(entry, name);
  const checkpoints: Checkpoint[] = [];
  for await (const { key, value } of list(kv, { prefix: layout.checkpoints })) {
    const checkpoint = decodeJson(value);
    if (isJsonObject(checkpoint)) checkpoints.push({ id: String(key.at(-1)), value: checkpoint });
  }
  return { name, uuid, docCount, docDelCount, updateSeq: seq, attachmentsMissing, failed: failures, checkpoints };
}
