import type { FailedRevision, RevisionToWrite, Target, WriteBatch, WriteResult } from '../../../src/replica/target.ts';

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

/** Which of some revisions of a document a target lacks. */
export async function missing(target: Target, id: string, ...revs: string[]): Promise<readonly string[]> {
  const [lacking] = await target.diff([{ id, revs }]);
  return lacking?.missing ?? [];
}

/** The leaves of a document, in no particular order: what a revision later than all might have been made from. */
export async function leaves(target: Target, id: string): Promise<string[]> {
  const [lacking] = await target.diff([{ id, revs: ['1000000-later'] }]);
  return [...(lacking?.possibleAncestors ?? [])].sort();
}

/** The failures on record, in the order of ids and revisions. */
export async function failures(target: Target): Promise<FailedRevision[]> {
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
