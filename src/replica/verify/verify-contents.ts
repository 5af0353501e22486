import type { Entry, Key } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { readMany } from '../../kv/read-many.ts';
import { openPiece } from '../contents/pieces.ts';
import { type ContentRecord, decodeContent } from '../contents/record.ts';
import { digestsOf } from '../contents/references.ts';
import { decodeTransfer } from '../contents/transfer.ts';
import type { InspectedDocument } from '../storage.ts';
import { problem, type VerifyEvent, type VerifyProblem } from './event.ts';
import type { VerifySubject } from './subject.ts';
import { tryDecode } from './try-decode.ts';

/** Pieces that are read together. */
const STEP = 4;

/** Looks through the contents of attachments, and holds what they say of documents against those. Memory: a few pieces. */
export class ContentCheck {
  readonly #subject: VerifySubject;
  /** Attachments that name a content, as the contents say and as the documents do. */
  #said = 0;
  #named = 0;
  /** Attachments of stored revisions whose content is not here. */
  missing = 0;

  constructor(subject: VerifySubject) {
    this.#subject = subject;
  }

  /** Every record of contents, and every piece. */
  async *inspect(): AsyncGenerator<readonly VerifyEvent[], void, undefined> {
    const { kv, layout } = this.#subject;
    for await (const entries of listPages(kv, { prefix: layout.contents })) {
      for (const entry of entries) yield await this.#content(entry);
    }
    for await (const entries of listPages(kv, { prefix: layout.loose })) {
      const contents = await this.#records(entries.map(({ key }) => String(key.at(-1))));
      yield entries.flatMap(({ key }, index) => {
        const isSound = key.length === layout.loose.length + 2 && contents[index]?.looseSince === key.at(-2);
        return isSound ? [] : [damaged('A content is among those that nobody names, and says otherwise', key)];
      });
    }
    for await (const entries of listPages(kv, { prefix: layout.transfers })) {
      yield entries.flatMap(({ key, value }) => {
        const isSound = key.length === layout.transfers.length + 2 && tryDecode(decodeTransfer, value) !== undefined;
        return isSound ? [] : [damaged('The record of a transfer cannot be read', key)];
      });
    }
    yield* this.#orphans();
  }

  /** What the documents of a step name must be known, and counted. */
  async note(documents: readonly InspectedDocument[]): Promise<VerifyProblem[]> {
    const named = documents.flatMap(({ head: { id, stored } }) =>
      stored.flatMap(({ rev, attachments }) =>
        (attachments === undefined ? [] : digestsOf(attachments)).map((digest) => ({ id, rev, digest })),
      ),
    );
    const digests = [...new Set(named.map(({ digest }) => digest).filter((digest) => digest !== undefined))];
    const records = await this.#records(digests);
    const known = new Map(digests.map((digest, index) => [digest, records[index]]));
    const problems: VerifyProblem[] = [];
    for (const { id, rev, digest } of named) {
      const record = digest === undefined ? undefined : known.get(digest);
      if (record?.stored === undefined) this.missing += 1;
      if (digest === undefined) continue;
      this.#named += 1;
      if (record === undefined)
        problems.push(problem('content', 'The content of an attachment is not on record', { id, rev }));
    }
    return problems;
  }

  /** Whether the documents name contents as often as those say; to be asked when all documents could be read. */
  compare(): VerifyProblem[] {
    if (this.#said === this.#named) return [];
    return [
      problem('content', `Contents are counted as named ${this.#said} times, and are named ${this.#named} times`),
    ];
  }

  async #content({ key, value }: Entry): Promise<VerifyProblem[]> {
    const { kv, layout } = this.#subject;
    const record = tryDecode(decodeContent, value);
    if (record === undefined || key.length !== layout.contents.length + 1) {
      return [damaged('The record of a content cannot be read', key)];
    }
    this.#said += record.references;
    const { references, stored, looseSince } = record;
    const digest = String(key.at(-1));
    if (stored === undefined) {
      return references > 0 ? [] : [damaged('A content is neither here nor named by anybody', key)];
    }
    if ((references === 0) !== (looseSince !== undefined)) {
      return [damaged('A content that nobody names is not among those, or one that is named is', key)];
    }
    if (looseSince !== undefined) {
      const [loose] = await kv.read([layout.looseContent(looseSince, digest)]);
      if (loose === undefined) return [damaged('A content that nobody names is not among those', key)];
    }
    let [bytes, next] = [0, 0];
    for await (const pieces of listPages(
      kv,
      { prefix: layout.piecesOf(digest, stored.transfer) },
      { pageSize: STEP },
    )) {
      for (const piece of pieces) {
        const content = piece.key.at(-1) === next ? await openPiece(piece.value) : undefined;
        const length = Math.min(stored.pieceBytes, stored.length - bytes);
        if (content?.length !== length || length === 0) {
          return [damaged('A piece of a content is not what was written', piece.key)];
        }
        bytes += length;
        next += 1;
      }
    }
    return bytes === stored.length ? [] : [damaged('A piece of a content is not there', key)];
  }

  /** Pieces that neither a content nor a transfer has. */
  async *#orphans(): AsyncGenerator<readonly VerifyEvent[], void, undefined> {
    const { kv, layout } = this.#subject;
    const prefix = layout.pieces;
    for (let from: Key = [...prefix, '']; ; ) {
      const { entries } = await kv.page({ prefix, from }, { limit: 1 });
      const key = entries[0]?.key;
      if (key === undefined) return;
      const [digest, transfer] = [String(key[prefix.length]), String(key[prefix.length + 1])];
      const [content] = await this.#records([digest]);
      const [progress] = await kv.read([layout.transfer(digest, transfer)]);
      const isKnown = content?.stored?.transfer === transfer || progress !== undefined;
      if (!isKnown || key.length !== prefix.length + 3) yield [damaged('A piece belongs to no content', key)];
      // The least text that sorts after the transfer, and so after all its pieces.
      from = [...prefix, digest, `${transfer}\0`];
    }
  }

  async #records(digests: readonly string[]): Promise<(ContentRecord | undefined)[]> {
    const { kv, layout } = this.#subject;
    const entries = await readMany(
      kv,
      digests.map((digest) => layout.content(digest)),
    );
    return entries.map((entry) => (entry === undefined ? undefined : tryDecode(decodeContent, entry.value)));
  }
}

function damaged(message: string, key: Key): VerifyProblem {
  return problem('content', message, { key });
}
