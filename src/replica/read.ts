import { joinDocument } from '../core/document-text.ts';
import { StoreError } from '../core/errors.ts';
import { conflicts as conflictsOf, leaves, nodeDeleted, pathTo } from '../revs/leaves.ts';
import { winner } from '../revs/winner.ts';
import type { BodyPlace, DocumentStorage, FoundBody, Head, HeadRange, StoredRevision } from './storage.ts';

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
  const [text] = await textsOf(storage, await headsOf(storage, [id]), shown, (head) => {
    const wanted = rev ?? winner(head.tree)?.rev;
    return head.stored.filter((revision) => revision.rev === wanted);
  });
  return text;
}

/** The winners of some documents, in the order asked; tombstones and unknown documents are left out. */
export async function readWinners(
  storage: DocumentStorage,
  ids: readonly string[],
  shown: Shown,
): Promise<RevisionText[]> {
  return textsOf(storage, await headsOf(storage, ids), shown, storedWinner);
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
  const wanted = of === 'leaves' ? storedLeaves : storedWinner;
  for await (const heads of storage.range(range)) {
    for (let start = 0; start < heads.length; start += step) {
      yield await textsOf(storage, heads.slice(start, start + step), shown, wanted);
    }
  }
}

function storedLeaves({ tree, stored }: Head): StoredRevision[] {
  return leaves(tree).flatMap(({ rev }) => stored.filter((revision) => revision.rev === rev).slice(0, 1));
}

function storedWinner({ tree, stored }: Head): StoredRevision[] {
  const first = winner(tree);
  return first === undefined || first.deleted ? [] : stored.filter(({ rev }) => rev === first.rev).slice(0, 1);
}

/** How often documents are read anew whose bodies were moved while they were read. */
const MOST_MOVES = 5;

/** The texts of some documents. Where bodies have been moved since these were read, they are read anew. */
async function textsOf(
  storage: DocumentStorage,
  documents: readonly Head[],
  shown: Shown,
  wanted: (head: Head) => readonly StoredRevision[],
): Promise<RevisionText[]> {
  let heads = documents;
  for (let moves = 0; ; moves += 1) {
    const revisions = heads.flatMap((head) => wanted(head).map((stored) => ({ head, stored })));
    const bodies = await storage.bodies(revisions.map(({ stored }) => stored.place));
    const damaged = bodies.find((body) => 'damage' in body);
    if (damaged === undefined) {
      return revisions.map(({ head, stored }, index) => {
        const body = bodies[index];
        return assemble(head, stored, body !== undefined && 'text' in body ? body.text : '{}', shown);
      });
    }
    if (!('isGone' in damaged) || !damaged.isGone || moves === MOST_MOVES) throw damagedBody(damaged);
    const before = heads;
    heads = await headsOf(
      storage,
      heads.map(({ id }) => id),
    );
    if (JSON.stringify(heads.map(placesOf)) === JSON.stringify(before.map(placesOf))) throw damagedBody(damaged);
  }
}

async function headsOf(storage: DocumentStorage, ids: readonly string[]): Promise<Head[]> {
  return (await storage.heads(ids)).filter((head) => head !== undefined);
}

function placesOf({ stored }: Head): readonly BodyPlace[] {
  return stored.map(({ place }) => place);
}

function damagedBody(body: FoundBody): StoreError {
  const damage = 'damage' in body ? body.damage : 'cannot be read';
  return new StoreError(
    `The replica is damaged: the body of a document ${damage}; pull it into a new replica`,
    'corrupt',
  );
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
