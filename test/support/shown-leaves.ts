import { splitDocument } from '../../src/core/document-text.ts';
import { arrayElements, memberText } from '../../src/core/json-text.ts';
import type { SourceDatabase } from './source-database.ts';

/** A leaf revision as sources and replicas show it, in a form that can be compared. */
export interface ShownLeaf {
  readonly rev: string;
  readonly revisions: unknown;
  readonly deleted: boolean;
  /** The text of its own members. */
  readonly body: string;
  readonly attachments: unknown;
}

/** The leaf that a text shows; its attachments as they are. */
export function shownLeaf(text: string): ShownLeaf {
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

/** The texts of the leaves in an answer to `open_revs`. */
export function toldLeaves(answer: string): string[] {
  const list = answer.trim();
  return arrayElements(list, 0).map(({ start, end }) => memberText(list.slice(start, end), 0, 'ok') ?? '{}');
}

/** The leaves of every document of a source, as it tells them through `open_revs`. */
export async function leavesAtSource(source: SourceDatabase): Promise<Map<string, ShownLeaf[]>> {
  const { results } = JSON.parse((await source.read('/_changes?style=all_docs')).text) as { results: { id: string }[] };
  const leaves = new Map<string, ShownLeaf[]>();
  for (const { id } of results) {
    const { text } = await source.read(`/${pathOf(id)}?open_revs=all&revs=true`);
    leaves.set(id, toldLeaves(text).map(shownLeaf));
  }
  return leaves;
}

/** Leaves by their documents, in an order that does not depend on who tells them. */
export function inOrder(leaves: ReadonlyMap<string, readonly ShownLeaf[]>): [string, ShownLeaf[]][] {
  return [...leaves]
    .map(([id, all]): [string, ShownLeaf[]] => [id, [...all].sort((a, b) => (a.rev < b.rev ? -1 : 1))])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A document's id as it goes into a path. */
export function pathOf(id: string): string {
  return id.startsWith('_design/') ? `_design/${encodeURIComponent(id.slice(8))}` : encodeURIComponent(id);
}
