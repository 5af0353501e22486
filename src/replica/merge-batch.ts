import { leaves } from '../revs/leaves.ts';
import { mergePath } from '../revs/merge.ts';
import { keepLeaves } from '../revs/prune.ts';
import { formatRev, parseRev } from '../revs/rev.ts';
import { stem } from '../revs/stem.ts';
import { emptyTree } from '../revs/tree.ts';
import { winner } from '../revs/winner.ts';
import type { DocumentChange, Head } from './storage.ts';
import type { RevisionToWrite, WriteBatch, WriteResult } from './target.ts';

/** Ancestry is kept at least this far back, CouchDB's own default, and farther where the source shows more. */
const REVS_LIMIT = 1000;

/** Which bodies of superseded revisions are kept: those of leaves alone, or all that ever came. */
export type Keep = 'leaves' | 'all';

/** What a batch does to the documents it touches. */
export interface MergedBatch {
  readonly changes: readonly DocumentChange[];
  readonly rejected: WriteResult['rejected'];
}

/** Merges a batch into the documents it touches. Pure: the same input gives the same result. */
export function mergeBatch(
  { revisions, replace = [] }: Pick<WriteBatch, 'revisions' | 'replace'>,
  heads: ReadonlyMap<string, Head>,
  { seq, keep }: { readonly seq: number; readonly keep: Keep },
): MergedBatch {
  const rejected: { id: string; rev: string; reason: string }[] = [];
  const byId = new Map<string, RevisionToWrite[]>();
  for (const revision of revisions) {
    const reason = whyRejected(revision);
    if (reason !== undefined) rejected.push({ id: revision.id, rev: revision.rev, reason });
    else byId.set(revision.id, [...(byId.get(revision.id) ?? []), revision]);
  }
  const only = new Map(replace.map(({ id, revs }) => [id, revs]));
  const changes: DocumentChange[] = [];
  for (const id of new Set([...byId.keys(), ...only.keys()])) {
    const offer = { offered: byId.get(id) ?? [], only: only.get(id) };
    const change = mergeDocument(id, heads.get(id), offer, seq + changes.length + 1, keep);
    if (change !== undefined) changes.push(change);
  }
  return { changes, rejected };
}

function mergeDocument(
  id: string,
  before: Head | undefined,
  { offered, only }: { readonly offered: readonly RevisionToWrite[]; readonly only: readonly string[] | undefined },
  seq: number,
  keep: Keep,
): DocumentChange | undefined {
  const known = before?.tree ?? emptyTree;
  let merged = known;
  let limit = REVS_LIMIT;
  const arrived = new Map<string, RevisionToWrite>();
  for (const revision of offered) {
    const { tree, change } = mergePath(merged, revision.revisions, revision.deleted);
    merged = tree;
    limit = Math.max(limit, revision.revisions.ids.length);
    // A path whose end was known may still have told of ancestors that were not.
    if (change !== 'none') arrived.set(revision.rev, revision);
  }
  if (only !== undefined) merged = keepLeaves(merged, only);
  if (merged === known) return undefined;
  const tree = stem(merged, limit);
  const wanted = keep === 'all' ? undefined : new Set(leaves(tree).map(({ rev }) => rev));
  const isWanted = ({ rev }: { readonly rev: string }): boolean => wanted === undefined || wanted.has(rev);
  const kept = (before?.stored ?? []).filter(isWanted);
  const dropped = (before?.stored ?? []).filter((revision) => !isWanted(revision));
  const added = [...arrived.values()]
    .filter(isWanted)
    .map(({ rev, body, attachments }) => (attachments === undefined ? { rev, body } : { rev, body, attachments }));
  const isTombstone = winner(tree)?.deleted === true;
  const was = before === undefined ? undefined : winner(before.tree)?.deleted === true;
  return {
    id,
    seq,
    tree,
    kept,
    added,
    dropped,
    growth: {
      revisions: arrived.size,
      docs: Number(!isTombstone) - Number(was === false),
      tombstones: Number(isTombstone) - Number(was === true),
    },
  };
}

/** Why a revision can never be stored, whatever else happens; undefined for a sound one. */
function whyRejected({ id, rev, revisions }: RevisionToWrite): string | undefined {
  if (!isStorableId(id)) return id === '' ? 'Its id is empty' : 'Its id holds half of a surrogate pair';
  const parsed = parseRev(rev);
  if (parsed === undefined) return `Its revision ${JSON.stringify(rev)} is malformed, or its generation too large`;
  const { start, ids } = revisions;
  if (start !== parsed.generation || formatRev(start, ids[0] ?? '') !== rev) return 'Its ancestry does not lead to it';
  if (ids.length === 0 || ids.length > start + 1) return 'Its ancestry is longer than its generation';
  return undefined;
}

/** Whether a document can have this id. */
export function isStorableId(id: string): boolean {
  return id !== '' && !/\p{Surrogate}/u.test(id);
}
