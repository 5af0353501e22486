import { StoreError } from '../core/errors.ts';
import { join } from './merge.ts';
import { type Branch, bottomOf, isHistory, type RevTree } from './tree.ts';

/**
 * The stored form of a tree, as short as the ids allow: `1;1:967a…` is a document that was never changed.
 *
 * ```text
 * tree   = format *( ";" branch ) [ ";~" rev *( "," rev ) ]   the buried tombstones come last
 * branch = start [ "@" parent ] ( ":" / "!" ) id *( "," id )  "!" when the leaf is a tombstone; newest id first
 * ```
 *
 * A `%`, `,` or `;` inside an id is written as `%` and two hex digits. What stands before the first `;` names the format.
 *
 * @example
 * ```ts
 * encodeTree(treeOf({ start: 2, ids: ['b', 'a'] }, false)); // '1;2:b,a'
 * ```
 */
export function encodeTree(tree: RevTree): string {
  let text = `${FORMAT}`;
  const { branches, buried } = join(tree);
  for (const { start, ids, parent, deleted } of branches) {
    text += `;${start}${parent < 0 ? '' : `@${parent}`}${deleted ? '!' : ':'}${joinIds(ids)}`;
  }
  return buried.length > 0 ? `${text};~${joinIds(buried)}` : text;
}

/**
 * Reads what {@link encodeTree} wrote.
 *
 * @throws {StoreError} `newer` for a format that this version does not know, `corrupt` for damaged text.
 *
 * @example
 * ```ts
 * winner(decodeTree('1;2:b,a'))?.rev; // '2-b'
 * ```
 */
export function decodeTree(text: string): RevTree {
  const [format = '', ...parts] = text.split(';');
  if (!/^[1-9][0-9]*$/.test(format)) throw damaged(text);
  if (Number(format) > FORMAT) {
    throw new StoreError(
      `Revision tree has format "${format}", this version reads up to ${FORMAT}: update couchtide`,
      'newer',
    );
  }
  const last = parts.at(-1);
  const buried = last?.startsWith('~') ? splitIds(last.slice(1)) : [];
  if (buried.length > 0) parts.pop();
  const branches: Branch[] = [];
  for (const part of parts) {
    const branch = decodeBranch(part);
    if (branch === undefined || !attaches(branch, branches)) throw damaged(text);
    branches.push(branch);
  }
  const tree = { branches, buried, overlapping: false };
  if (!buried.every((rev) => isHistory(tree, rev))) throw damaged(text);
  return tree;
}

const FORMAT = 1;
const BRANCH = /^(\d+)(?:@(\d+))?([:!])/;

function joinIds(ids: readonly string[]): string {
  return ids.map((id) => id.replace(/[%,;]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)).join(',');
}

function splitIds(text: string): string[] {
  const ids = text.split(',');
  if (!text.includes('%')) return ids;
  return ids.map((id) => id.replace(/%(25|2c|3b)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
}

function decodeBranch(part: string): Branch | undefined {
  const match = BRANCH.exec(part);
  if (match === null) return undefined;
  const [head, start = '', parent, kind] = match;
  const branch = {
    start: Number(start),
    ids: splitIds(part.slice(head.length)),
    parent: parent === undefined ? -1 : Number(parent),
    deleted: kind === '!',
  };
  return Number.isSafeInteger(branch.start) ? branch : undefined;
}

/** Whether a branch grows out of one before it, not out of the leaf of that; or is a root. */
function attaches(branch: Branch, before: readonly Branch[]): boolean {
  if (branch.parent < 0) return true;
  const parent = before[branch.parent];
  const fork = bottomOf(branch) - 1;
  return parent !== undefined && fork >= bottomOf(parent) && fork < parent.start;
}

function damaged(text: string): StoreError {
  return new StoreError(`Revision tree is damaged: "${text.slice(0, 40)}"; pull the document again`, 'corrupt');
}
