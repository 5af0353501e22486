import { missingRevs } from '../revs/missing.ts';
import { emptyTree } from '../revs/tree.ts';
import type { DocumentStorage } from './storage.ts';
import type { MissingRevisions, OfferedRevisions } from './target.ts';

/**
 * Which of the offered revisions are in no tree here. A malformed one is lacking too: it has to be asked for, so that what
 * is wrong with it can be recorded.
 */
export async function diff(
  storage: DocumentStorage,
  offered: readonly OfferedRevisions[],
): Promise<MissingRevisions[]> {
  const heads = await storage.heads(offered.map(({ id }) => id));
  return offered.flatMap(({ id, revs }, index) => {
    const head = heads[index];
    const { missing, possibleAncestors } = missingRevs(head?.tree ?? emptyTree, [...new Set(revs)]);
    return missing.length === 0 ? [] : [{ id, missing, possibleAncestors, known: head !== undefined }];
  });
}
