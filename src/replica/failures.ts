import { isJsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Key, Kv } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import { leaves, pathTo } from '../revs/leaves.ts';
import type { RevTree } from '../revs/tree.ts';
import type { Layout } from './layout.ts';
import type { Mutation } from './storage.ts';
import type { FailedRevision } from './target.ts';

/** A reason can quote what a server said, and no store takes values of any length. */
const LONGEST_REASON = 1000;

/** What a batch changes in the record of failures. */
export interface FailureChanges {
  /** What was not on record. */
  readonly added: readonly Mutation[];
  /** What was, and has failed again. */
  readonly repeated: readonly Mutation[];
  readonly delete: readonly Key[];
}

/** The failures on record, in no particular order. */
export async function* readFailures(
  kv: Kv,
  layout: Layout,
): AsyncGenerator<readonly FailedRevision[], void, undefined> {
  for await (const { value } of list(kv, { prefix: layout.failures })) {
    const failure = decodeFailure(value);
    if (failure !== undefined) yield [failure];
  }
}

/** What a batch has to say of failures. */
export interface FailureReport {
  /** How many are on record; none spares the reading. */
  readonly recorded: number;
  /** What failed now. */
  readonly failed: readonly Omit<FailedRevision, 'attempts'>[];
  /** What is to be struck out. */
  readonly forget: readonly { readonly id: string; readonly rev: string }[];
  /** The documents of the batch as they are after it. */
  readonly trees: ReadonlyMap<string, RevTree>;
  /** The revisions of the batch: the contents of their attachments are here, unless they have failed now. */
  readonly revisions: readonly { readonly id: string; readonly rev: string }[];
}

/**
 * Records what failed, once more where it had failed before, unless it is here. Strikes out what has arrived since or is
 * given up.
 */
export async function changeFailures(
  kv: Kv,
  layout: Layout,
  { recorded, failed, forget, trees, revisions }: FailureReport,
): Promise<FailureChanges> {
  const before = new Map<string, { readonly key: Key; readonly failure: FailedRevision }>();
  if (recorded > 0) {
    for (const id of new Set([...trees.keys(), ...[...failed, ...forget].map((failure) => failure.id)])) {
      for await (const { key, value } of list(kv, { prefix: layout.failuresOf(id) })) {
        const failure = decodeFailure(value);
        if (failure?.id === id) before.set(nameOf(failure), { key, failure });
      }
    }
  }
  // Of a revision that has been superseded no attachment is wanted any more.
  const isSettled = ({ id, rev, attachment }: FailureName): boolean => {
    const tree = trees.get(id);
    if (tree === undefined) return false;
    return attachment === undefined ? pathTo(tree, rev) !== undefined : !leaves(tree).some((leaf) => leaf.rev === rev);
  };
  const set = new Map<string, Mutation>();
  // Another writer may have brought meanwhile what failed here.
  for (const { id, rev, attachment, reason } of failed.filter((failure) => !isSettled(failure))) {
    const name = nameOf({ id, rev, attachment });
    const known = before.get(name);
    const failure: FailedRevision = {
      id,
      rev,
      ...(attachment === undefined ? {} : { attachment }),
      reason: reason.slice(0, LONGEST_REASON),
      attempts: (known?.failure.attempts ?? 0) + 1,
    };
    set.set(name, [known?.key ?? (await layout.failure(id, rev, attachment)), encodeJson(failure)]);
  }
  const forgotten = new Set(forget.map(({ id, rev }) => nameOf({ id, rev })));
  const brought = new Set(revisions.map(({ id, rev }) => nameOf({ id, rev })));
  const isOver = (failure: FailureName): boolean => {
    const { id, rev, attachment } = failure;
    const revision = nameOf({ id, rev });
    return isSettled(failure) || forgotten.has(revision) || (attachment !== undefined && brought.has(revision));
  };
  const over = [...before].filter(([name, { failure }]) => !set.has(name) && isOver(failure));
  const recordsOf = (isKnown: boolean): Mutation[] =>
    [...set].filter(([name]) => before.has(name) === isKnown).map(([, mutation]) => mutation);
  return { added: recordsOf(false), repeated: recordsOf(true), delete: over.map(([, { key }]) => key) };
}

interface FailureName extends Pick<FailedRevision, 'id' | 'rev'> {
  readonly attachment?: string | undefined;
}

function nameOf({ id, rev, attachment }: FailureName): string {
  return JSON.stringify([id, rev, attachment]);
}

/** A failure as it was recorded; undefined for what is JSON and no failure. */
export function decodeFailure(bytes: Uint8Array): FailedRevision | undefined {
  const value = decodeJson(bytes);
  if (!isJsonObject(value)) return undefined;
  const { id, rev, attachment, reason, attempts } = value;
  if (typeof id !== 'string' || typeof rev !== 'string' || typeof reason !== 'string' || typeof attempts !== 'number')
    return undefined;
  return { id, rev, ...(typeof attachment === 'string' ? { attachment } : {}), reason, attempts };
}
