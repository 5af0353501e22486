import { InputError } from '../../core/errors.ts';
import type { Entry, Key } from '../../kv/kv.ts';
import { readMany } from '../../kv/read-many.ts';
import { fitsOneCommit } from '../commit-size.ts';
import type { Mutation } from '../storage.ts';
import { type Turn, takeTurn, type Writing } from '../write-batch.ts';
import type { ContentInfo, ContentSink } from './content.ts';
import { pieceBytesOf } from './pieces.ts';
import { type ContentRecord, decodeContent, encodeContent, isDigest, type StoredContent } from './record.ts';
import { type FinishedContent, openSink, takenOver } from './sink.ts';
import { decodeTransfer, dropTransfer } from './transfer.ts';

/** A content that waits to be made known. */
interface Waiting {
  readonly content: FinishedContent;
  readonly resolve: (cleared: Promise<void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The contents of attachments, each once, under its digest. A content comes in pieces that nobody reads until its record names
 * them; the records of several are written in one commit.
 */
export class ContentStore {
  readonly #writing: Writing;
  readonly #pieceBytes: number;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(writing: Writing, partBytes: number) {
    this.#writing = writing;
    this.#pieceBytes = pieceBytesOf(partBytes);
  }

  /** Of some digests those whose content is here. */
  async has(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const { kv, layout } = this.#writing;
    const kept = [...new Set(digests)].filter(isDigest);
    const entries = await readMany(
      kv,
      kept.map((digest) => layout.content(digest)),
    );
    return new Set(kept.filter((_, index) => recordOf(entries[index]?.value).stored !== undefined));
  }

  /** Where the content of a digest is; undefined where it is not here. */
  async find(digest: string): Promise<StoredContent | undefined> {
    const { kv, layout } = this.#writing;
    const [entry] = isDigest(digest) ? await kv.read([layout.content(digest)]) : [];
    return recordOf(entry?.value).stored;
  }

  /** Begins to take the content of a digest. */
  open(digest: string, info: ContentInfo): Promise<ContentSink> {
    if (!isDigest(digest)) throw new InputError(`No content is kept under the digest ${JSON.stringify(digest)}`);
    const context = {
      writing: this.#writing,
      pieceBytes: this.#pieceBytes,
      finish: (content: FinishedContent) => this.#finish(content),
    };
    return openSink(context, digest, info);
  }

  /** Makes a content known, together with others that are ready at the same time. */
  #finish(content: FinishedContent): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ content, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      // Whoever is ready within the same turn of events comes along.
      await Promise.resolve();
      const group = this.#nextGroup();
      try {
        const contents = group.map(({ content }) => content);
        const lost = await this.#writing.lifetime.run(() =>
          takeTurn(this.#writing, (turn) => publish(this.#writing, turn, contents)),
        );
        for (const { content, resolve, reject } of group) {
          if (lost.has(content.transfer)) reject(takenOver(content.digest));
          else resolve(this.#clear(content));
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  /** Deletes what is left of a transfer where somebody else has brought the same content before. */
  async #clear({ digest, transfer, owner }: FinishedContent): Promise<void> {
    const { kv, layout, lifetime } = this.#writing;
    if (owner !== undefined) await lifetime.run(() => dropTransfer(kv, layout, digest, transfer));
  }

  /** As many as fit one commit, each of three records at the most beside its piece; one whose transfer is guarded goes alone. */
  #nextGroup(): Waiting[] {
    const { limits } = this.#writing.kv;
    let records: Mutation[] = [];
    let count = 0;
    for (const { content } of this.#waiting) {
      if (content.owner !== undefined) {
        count = Math.max(count, 1);
        break;
      }
      const more = [...records, ...content.pieces, ...SMALL_RECORDS];
      if (count > 0 && (more.length > MOST_RECORDS || !fitsOneCommit(more, limits))) break;
      records = more;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

/** How many records are written in one commit. */
const MOST_RECORDS = 400;
/** What is written beside a piece: the record of the content, what is loose, and the end of the transfer. */
const SMALL_RECORDS: readonly Mutation[] = Array.from({ length: 3 }, () => [['content'], new Uint8Array(256)]);

function recordOf(value: Uint8Array | undefined): ContentRecord {
  return value === undefined ? { references: 0 } : decodeContent(value);
}

/**
 * Makes contents known in one commit. Of a content that is here already the pieces are left over: they are deleted with their transfer.
 *
 * @returns the transfers of which somebody else has become the owner
 */
async function publish(
  { kv, layout, storage, platform }: Writing,
  turn: Turn,
  contents: readonly FinishedContent[],
): Promise<ReadonlySet<string> | 'lost'> {
  const { next } = await turn.begin();
  const now = platform.now();
  const records = await readMany(
    kv,
    contents.map(({ digest }) => layout.content(digest)),
  );
  const transfers = await readMany(
    kv,
    contents.map(({ digest, transfer }) => layout.transfer(digest, transfer)),
  );
  const set = new Map<string, Mutation[]>();
  const guards: Entry[] = [];
  const deleted: Key[] = [];
  const taken = new Set<string>();
  let arrived = 0;
  for (const [index, { digest, transfer, length, encoding, pieceBytes, owner, pieces }] of contents.entries()) {
    const { references, stored } = recordOf(records[index]?.value);
    const progress = transfers[index];
    // A commit whose answer was lost comes again, and finds its own record.
    if (stored?.transfer === transfer || set.has(digest)) continue;
    if (owner !== undefined) {
      if (progress === undefined || decodeTransfer(progress.value).owner !== owner) {
        taken.add(transfer);
        continue;
      }
      guards.push(progress);
    }
    if (stored !== undefined) continue;
    arrived += references;
    if (owner !== undefined) deleted.push(layout.transfer(digest, transfer));
    const content = {
      references,
      stored: { transfer, length, ...(encoding === undefined ? {} : { encoding }), pieceBytes },
      ...(references === 0 ? { looseSince: now } : {}),
    };
    set.set(digest, [...pieces, [layout.content(digest), encodeContent(content)]]);
    if (references === 0) set.get(digest)?.push([layout.looseContent(now, digest), new Uint8Array()]);
  }
  if (set.size === 0) return taken;
  const { ahead: _, announced: __, ...commit } = storage.prepare([], next);
  const done = await turn.commit({
    ...commit,
    set: [...commit.set, ...[...set.values()].flat()],
    delete: [...commit.delete, ...deleted],
    attachmentsMissing: -arrived,
    guards,
  });
  return done ? taken : 'lost';
}
