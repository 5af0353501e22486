import { list } from '../../kv/list.ts';
import { leaves } from '../../revs/leaves.ts';
import { decodeFailure } from '../failures.ts';
import type { Head } from '../storage.ts';
import { problem, type VerifyProblem } from './event.ts';
import type { VerifySubject } from './subject.ts';
import { tryDecode } from './try-decode.ts';

/** A document of which the source has other leaf revisions than the replica. */
export interface Difference {
  readonly id: string;
  /** Whether the replica has the document at all. */
  readonly known: boolean;
  /** What the source has, and the replica has not. */
  readonly missing: readonly string[];
  /** What the replica has, and the source has not. */
  readonly surplus: readonly string[];
}

/** In what a document of the replica is not what the source says; undefined where it is. */
export function differenceOf(id: string, there: readonly string[], head: Head | undefined): Difference | undefined {
  const here = head === undefined ? [] : leaves(head.tree).map(({ rev }) => rev);
  const missing = without(there, here);
  const surplus = without(here, there);
  return missing.length + surplus.length === 0 ? undefined : { id, known: head !== undefined, missing, surplus };
}

/** A difference as a problem; none where all that is missing is on record as failed. */
export async function differenceProblems(subject: VerifySubject, difference: Difference): Promise<VerifyProblem[]> {
  const { id, missing, surplus } = difference;
  if (missing.length > 0 && (await isOnRecord(subject, difference))) return [];
  const revs = { ...(missing.length > 0 ? { missing } : {}), ...(surplus.length > 0 ? { surplus } : {}) };
  return [problem('source', messageOf(difference), { id, ...revs })];
}

function messageOf({ known, missing, surplus }: Difference): string {
  if (!known) return 'The source has a document that is not here';
  if (surplus.length === 0) return 'The source has leaf revisions that are not here';
  if (missing.length === 0) return 'The source does not have all leaf revisions that are here';
  return 'The source has other leaf revisions than are here';
}

async function isOnRecord({ kv, layout }: VerifySubject, { id, missing }: Difference): Promise<boolean> {
  const failed = new Set<string>();
  for await (const { value } of list(kv, { prefix: layout.failuresOf(id) })) {
    const failure = tryDecode(decodeFailure, value);
    if (failure?.id === id) failed.add(failure.rev);
  }
  // A failure without a revision is that of a document of which not even the leaves could be had.
  return failed.has('') || missing.every((rev) => failed.has(rev));
}

function without(revs: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return revs.filter((rev) => !known.has(rev));
}
