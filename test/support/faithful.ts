import { expect } from 'vitest';
import type { Replica } from '../../src/replica/replica.ts';
import { inOrder, leavesAtSource, type ShownLeaf, shownLeaf } from './shown-leaves.ts';
import type { SourceDatabase } from './source-database.ts';

/** In which ways a replica may differ from its source. */
export interface Leniency {
  /** Ancestry is not compared, as of a replica that keeps leaves alone. */
  readonly leavesAlone?: boolean;
  /** Documents that are deleted at the source may be missing. */
  readonly mayLackTombstones?: boolean;
}

/**
 * Holds a replica against its source, document by document, as the source itself tells them through `open_revs`: the same
 * leaves, the same ancestry, the same text of every body, the same stubs, and no document more.
 */
export async function expectFaithful(
  replica: Replica,
  source: SourceDatabase,
  { leavesAlone = false, mayLackTombstones = false }: Leniency = {},
): Promise<void> {
  const shown = (leaf: ShownLeaf): ShownLeaf => ({ ...leaf, ...(leavesAlone ? { revisions: undefined } : {}) });
  const held = new Map<string, ShownLeaf[]>();
  for await (const { id, rev, text } of replica.texts({ leaves: true, revs: true })) {
    const leaf = shown(shownLeaf(text));
    expect(leaf.rev).toBe(rev);
    held.set(id, [...(held.get(id) ?? []), leaf]);
  }
  const expected = new Map<string, ShownLeaf[]>();
  for (const [id, leaves] of await leavesAtSource(source)) {
    if (mayLackTombstones && !held.has(id) && leaves.every(({ deleted }) => deleted)) continue;
    expected.set(id, leaves.map(shown));
  }
  expect(inOrder(held)).toEqual(inOrder(expected));
}
