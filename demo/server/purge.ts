import { leaves, pathTo } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';
import type { Database } from './database.ts';
import { shardOf } from './shard.ts';
import { keepContents } from './write.ts';

/** What was asked to be forgotten of one document, or what was. */
export interface Purge {
  readonly id: string;
  readonly revs: readonly string[];
}

/** Forgets leaf revisions for good, with the ancestors that only they had; gives what of each request was there. */
export function purge(database: Database, requests: readonly Purge[]): Purge[] {
  const before = database.shards.map(({ sequence }) => sequence);
  const purged = requests.map(({ id, revs }) => ({ id, revs: purgeDocument(database, id, revs) }));
  // Every shard that was asked moves on, so that indexes look at what was purged.
  const asked = new Set(requests.map(({ id }) => shardOf(id, database.shards.length)));
  for (const index of asked) {
    const shard = database.shards[index];
    if (shard?.sequence === before[index]) shard?.skip();
  }
  for (const { id, revs } of purged) if (revs.length > 0) database.purges.push({ id, revs });
  database.purges.splice(0, Math.max(0, database.purges.length - database.purgedInfosLimit));
  database.announce();
  return purged;
}

function purgeDocument(database: Database, id: string, revs: readonly string[]): readonly string[] {
  const document = database.document(id);
  if (document === undefined) return [];
  const removed = leaves(document.tree)
    .map(({ rev }) => rev)
    .filter((rev) => revs.includes(rev));
  if (removed.length === 0) return [];
  const tree = withoutLeaves(document.tree, removed);
  if (tree.branches.length === 0) database.forget(document);
  else database.store(id, tree, keepContents(tree, document.contents, []));
  return removed;
}

/** The tree of the leaves that stay. */
function withoutLeaves(tree: RevTree, removed: readonly string[]): RevTree {
  let rest: RevTree = { ...emptyTree, buried: tree.buried };
  for (const { rev, deleted } of leaves(tree)) {
    const path = pathTo(tree, rev);
    if (path !== undefined && !removed.includes(rev)) rest = mergePath(rest, path, deleted).tree;
  }
  return rest;
}
