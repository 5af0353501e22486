import { expect, test } from 'vitest';
import { ascendingLeaves, conflicts, deletedConflicts, leaves, pathTo } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import { missingRevs } from '../../src/revs/missing.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { canonicalRevId, formatRev, parseRev } from '../../src/revs/rev.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';
import { winner } from '../../src/revs/winner.ts';
import { type Insert, recordedTrees } from '../support/oracle.ts';

const trees = await recordedTrees();

test('there are 600 recorded histories', () => {
  expect(trees).toHaveLength(600);
});

test.each(trees)(
  'history $case ($style, revs_limit $revsLimit) is as CouchDB told it',
  ({ steps, revsDiff, revsLimit }) => {
    let tree = emptyTree;
    for (const { inserts, after } of steps) {
      tree = stem(inserts.reduce(insert, tree), revsLimit);
      expect(view(tree, revsLimit)).toEqual({
        winner: after.winner,
        deleted: after.deleted,
        leaves: after.leaves,
        // A document whose winner is a tombstone answers 404, so the recording cannot know its losers.
        conflicts: after.conflicts ?? conflicts(tree),
        deletedConflicts: after.deletedConflicts ?? deletedConflicts(tree),
        openRevs: after.openRevs.map(({ rev, deleted, revisions }) => ({ rev, deleted, revisions })),
      });
    }
    for (const { ask, answer } of revsDiff) expect(diff(tree, ask)).toEqual(answer);
  },
);

/** Merges one document of `_bulk_docs` as the server does; it stems once, after the last. */
function insert(tree: RevTree, document: Insert): RevTree {
  return mergePath(tree, pathOf(document), document._deleted === true).tree;
}

/** The path of a document, its ids spelled as the server will spell them. */
function pathOf({ _rev, _revisions }: Insert): RevisionPath {
  const rev = parseRev(_rev);
  const path = _revisions ?? { start: rev?.generation ?? 0, ids: [rev?.id ?? ''] };
  return { start: path.start, ids: path.ids.map(canonical) };
}

function canonical(id: string): string {
  const stored = canonicalRevId(id);
  if (stored === undefined) throw new Error(`No server takes the id ${id}`);
  return stored;
}

function view(tree: RevTree, revsLimit: number): object {
  return {
    winner: winner(tree)?.rev,
    deleted: winner(tree)?.deleted,
    leaves: leaves(tree).map(({ rev }) => rev),
    conflicts: conflicts(tree),
    deletedConflicts: deletedConflicts(tree),
    openRevs: ascendingLeaves(tree).map(({ rev, deleted }) => ({
      rev,
      deleted,
      revisions: pathTo(tree, rev, revsLimit),
    })),
  };
}

/** The answer of `_revs_diff`, which leaves out what is empty. */
function diff(tree: RevTree, ask: readonly string[]): object | null {
  const { missing, possibleAncestors } = missingRevs(tree, ask.map(spell));
  if (missing.length === 0) return null;
  return possibleAncestors.length === 0 ? { missing } : { missing, possible_ancestors: possibleAncestors };
}

function spell(text: string): string {
  const rev = parseRev(text);
  if (rev === undefined) throw new Error(`No server takes the revision ${text}`);
  return formatRev(rev.generation, canonical(rev.id));
}
