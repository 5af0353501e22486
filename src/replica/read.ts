import { joinDocument } from '../core/document-text.ts';
import { conflicts as conflictsOf, leaves, nodeDeleted, pathTo } from '../revs/leaves.ts';
import { winner } from '../revs/winner.ts';
import type { DocumentStorage, Head, HeadRange, StoredRevision } from './storage.ts';

/** What is shown of a revision beside its own members. */
export interface Shown {
  /** `_revisions`. */
  readonly revs?: boolean | undefined;
  /** `_conflicts`, beside a winner that has any. */
  readonly conflicts?: boolean | undefined;
}

/** A revision of a document as JSON text. */
export interface RevisionText {
  readonly id: string;
  readonly rev: string;
  readonly deleted: boolean;
  readonly text: string;
}

/** A stored revision of a document: one by name, or the winner. */
export async function readRevision(
  storage: DocumentStorage,
  id: string,
  rev: string | undefined,
  shown: Shown,
): Promise<RevisionText | undefined> {
  const [head] = await storage.heads([id]);
  if (head === undefined) return undefined;
  const wanted = rev ?? winner(head.tree)?.rev;
  const stored = head.stored.find((revision) => revision.rev === wanted);
  if (stored === undefined) return undefined;
  const [body = '{}'] = await storage.bodies([stored.place]);
  return assemble(head, stored, body, shown);
}

/** Which revisions of the documents of a range. */
export interface TextRange extends HeadRange {
  readonly shown: Shown;
  /** The winner alone, tombstones left out, or every leaf, the winner first. */
  readonly of: 'winner' | 'leaves';
  /** Documents of one step. Default 200. */
  readonly step?: number;
}

/** Revisions of the documents of a range, in order, the bodies of one step read together. */
export async function* readTexts(
  storage: DocumentStorage,
  { shown, of, step = 200, ...range }: TextRange,
): AsyncGenerator<readonly RevisionText[], void, undefined> {
  for await (const heads of storage.range(range)) {
    for (let start = 0; start < heads.length; start += step) {
      const wanted = heads.slice(start, start + step).flatMap((head) => {
        const shownLeaves =
          of === 'leaves'
            ? leaves(head.tree)
            : leaves(head.tree)
                .slice(0, 1)
                .filter(({ deleted }) => !deleted);
        return shownLeaves.flatMap(({ rev }) => {
          const stored = head.stored.find((revision) => revision.rev === rev);
          return stored === undefined ? [] : [{ head, stored }];
        });
      });
      const bodies = await storage.bodies(wanted.map(({ stored }) => stored.place));
      yield wanted.map(({ head, stored }, index) => assemble(head, stored, bodies[index] ?? '{}', shown));
    }
  }
}

function assemble(head: Head, { rev, attachments }: StoredRevision, body: string, shown: Shown): RevisionText {
  const deleted = nodeDeleted(head.tree, rev);
  const meta: (readonly [string, string])[] = [];
  const path = shown.revs ? pathTo(head.tree, rev) : undefined;
  if (path !== undefined) meta.push(['_revisions', JSON.stringify({ start: path.start, ids: path.ids })]);
  const losers = shown.conflicts && winner(head.tree)?.rev === rev ? conflictsOf(head.tree) : [];
  if (losers.length > 0) meta.push(['_conflicts', JSON.stringify(losers)]);
  return { id: head.id, rev, deleted, text: joinDocument(body, { id: head.id, rev, deleted, meta, attachments }) };
}
