import { expect } from 'vitest';
import { splitDocument } from '../../src/core/document-text.ts';
import { arrayElements, memberText } from '../../src/core/json-text.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { SourceDatabase } from './source-database.ts';

/** A leaf revision as both sides show it, in a form that can be compared. */
interface ShownLeaf {
  readonly rev: string;
  readonly revisions: unknown;
  readonly deleted: boolean;
  readonly body: string;
  readonly attachments: unknown;
}

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
  const shown = (text: string): ShownLeaf => ({
    ...shownWhole(text),
    ...(leavesAlone ? { revisions: undefined } : {}),
  });
  const feed = JSON.parse((await source.read('/_changes?style=all_docs')).text) as {
    results: { id: string; changes: { rev: string }[] }[];
  };
  const held = new Map<string, ShownLeaf[]>();
  for await (const { id, rev, text } of replica.texts({ leaves: true, revs: true })) {
    const leaf = shown(text);
    expect(leaf.rev).toBe(rev);
    held.set(id, [...(held.get(id) ?? []), leaf]);
  }
  const expected = new Map<string, ShownLeaf[]>();
  for (const { id } of feed.results) {
    const { text } = await source.read(`/${pathOf(id)}?open_revs=all&revs=true`);
    const list = text.trim();
    const leaves = arrayElements(list, 0).map(({ start, end }) =>
      shown(memberText(list.slice(start, end), 0, 'ok') ?? ''),
    );
    if (mayLackTombstones && !held.has(id) && leaves.every(({ deleted }) => deleted)) continue;
    expected.set(id, leaves);
  }
  expect(sorted(held)).toEqual(sorted(expected));
}

function shownWhole(text: string): ShownLeaf {
  const { _rev, _revisions, _deleted } = JSON.parse(text) as { _rev: string; _revisions: unknown; _deleted?: boolean };
  const { body, attachments } = splitDocument(text);
  return {
    rev: _rev,
    revisions: _revisions,
    deleted: _deleted === true,
    body,
    attachments: attachments === undefined ? undefined : JSON.parse(attachments),
  };
}

function sorted(leaves: ReadonlyMap<string, ShownLeaf[]>): [string, ShownLeaf[]][] {
  return [...leaves]
    .map(([id, all]): [string, ShownLeaf[]] => [id, [...all].sort((a, b) => (a.rev < b.rev ? -1 : 1))])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A document's id as it goes into a path. */
export function pathOf(id: string): string {
  return id.startsWith('_design/') ? `_design/${encodeURIComponent(id.slice(8))}` : encodeURIComponent(id);
}
