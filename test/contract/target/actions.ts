import type { JsonObject } from '../../../src/core/json-value.ts';
import type { FailedRevision, RevisionToWrite, Target, WriteBatch, WriteResult } from '../../../src/replica/target.ts';
import { ok } from '../assert.ts';
import type { TargetSubject } from '../target-case.ts';

/** A revision whose path is written newest first: `'3-c b a'`, `'3-c b'` where the rest is cut off, `!` behind a tombstone. */
export function revision(id: string, path: string, rest: Partial<RevisionToWrite> = {}): RevisionToWrite {
  const [generation = '', names = ''] = path.replace('!', '').split('-');
  const ids = names.split(' ');
  const rev = `${generation}-${ids[0]}`;
  return {
    id,
    rev,
    revisions: { start: Number(generation), ids },
    deleted: path.endsWith('!'),
    body: JSON.stringify({ of: rev }),
    ...rest,
  };
}

/** Writes revisions of one document, in one batch. */
export async function write(target: Target, id: string, ...paths: string[]): Promise<WriteResult> {
  return target.writeBatch({ revisions: paths.map((path) => revision(id, path)) });
}

/** Writes a batch and its checkpoint as a pull does: in one where the target takes both, otherwise one after the other. */
export async function commit(target: Target, { checkpoint, ...batch }: WriteBatch): Promise<WriteResult> {
  if (checkpoint === undefined) return target.writeBatch(batch);
  const { atomic } = await target.open();
  if (atomic) return target.writeBatch({ ...batch, checkpoint });
  const result = await target.writeBatch(batch);
  await writeCheckpoint(target, checkpoint.id, checkpoint.value);
  return result;
}

/** Writes a checkpoint alone. */
export async function writeCheckpoint(target: Target, id: string, value: JsonObject): Promise<void> {
  ok(target.writeCheckpoint !== undefined, 'The target has no writeCheckpoint');
  await target.writeCheckpoint({ id, value });
}

/** Reads a checkpoint. */
export async function readCheckpoint(target: Target, id: string): Promise<JsonObject | undefined> {
  ok(target.readCheckpoint !== undefined, 'The target has no readCheckpoint');
  return target.readCheckpoint(id);
}

/** Which of some revisions of a document a target lacks, in order. */
export async function missing(target: Target, id: string, ...revs: string[]): Promise<readonly string[]> {
  const [lacking] = await target.diff([{ id, revs }]);
  return [...(lacking?.missing ?? [])].sort();
}

/** The leaves of a document, in order. */
export async function leaves(subject: TargetSubject, id: string): Promise<readonly string[]> {
  return [...(await subject.leaves(id))].sort();
}

/** The failures on record, in the order of ids and revisions. */
export async function failures(target: Target): Promise<FailedRevision[]> {
  ok(target.failed !== undefined, 'The target keeps no record of failures');
  const found: FailedRevision[] = [];
  for await (const failure of target.failed()) found.push(failure);
  return found.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Records revisions of one document as failed. */
export async function recordFailure(target: Target, id: string, ...revs: string[]): Promise<WriteResult> {
  return target.writeBatch({ revisions: [], failures: revs.map((rev) => ({ id, rev, reason: `No ${rev}` })) });
}

/** What a batch brings, as it is offered to `diff`. */
export function offered({ revisions }: WriteBatch): { id: string; revs: string[] }[] {
  return revisions.map(({ id, rev }) => ({ id, revs: [rev] }));
}

function nameOf({ id, rev }: FailedRevision): string {
  return JSON.stringify([id, rev]);
}
