import { Attachment, type ByteRange } from '../../core/attachment.ts';
import { type AttachmentStub, parseAttachmentStub } from '../../core/attachment-stub.ts';
import { isProtocolError, StoreError } from '../../core/errors.ts';
import { objectMembers } from '../../core/json-text.ts';
import type { Kv } from '../../kv/kv.ts';
import { nodeDeleted } from '../../revs/leaves.ts';
import { winner } from '../../revs/winner.ts';
import type { Layout } from '../layout.ts';
import type { DocumentStorage } from '../storage.ts';
import { unpack } from '../unpack.ts';
import { readPieces } from './pieces.ts';
import type { StoredContent } from './record.ts';
import type { ContentStore } from './store.ts';

/** Which attachment of a document in a replica, and how much of it. */
export interface ReplicaAttachmentOptions {
  /** A stored revision; the winner unless one is named. */
  readonly rev?: string;
  /** The whole content unless a part is named. */
  readonly range?: ByteRange;
}

/** Where attachments are read from. */
export interface AttachmentPlace {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly storage: DocumentStorage;
  readonly contents: ContentStore;
  /** Fails when the replica is closed. */
  readonly check: () => void;
}

/** The attachment of a stored revision. Its content is looked for when it is read. */
export async function readAttachment(
  place: AttachmentPlace,
  id: string,
  name: string,
  { rev, range = {} }: ReplicaAttachmentOptions,
): Promise<Attachment | undefined> {
  const [head] = await place.storage.heads([id]);
  if (head === undefined) return undefined;
  const wanted = rev ?? winner(head.tree)?.rev;
  const stored = head.stored.find((revision) => revision.rev === wanted);
  if (stored === undefined || (rev === undefined && nodeDeleted(head.tree, stored.rev))) return undefined;
  const { attachments = '{}' } = stored;
  const member = objectMembers(attachments, 0)
    .filter((attachment) => attachment.name === name)
    .at(-1);
  if (member === undefined) return undefined;
  const stub = stubOf(name, attachments.slice(member.start, member.end));
  if (stub === undefined) return undefined;
  const start = Math.min(Math.max(range.start ?? 0, 0), stub.length);
  const end = Math.min(Math.max(range.end ?? stub.length, start), stub.length);
  return new Attachment({ ...stub, rev: stored.rev }, async function* () {
    place.check();
    const content = await place.contents.find(stub.digest);
    if (content === undefined) {
      throw new StoreError(
        `The content of the attachment ${JSON.stringify(name)} of ${JSON.stringify(id)} is not here; pull it with attachments`,
        'missing',
      );
    }
    for await (const piece of stretchOf(place, { digest: stub.digest, length: stub.length, content, start, end })) {
      place.check();
      yield piece;
    }
  });
}

/** What a stored stub tells; undefined where nothing can be found by it. */
function stubOf(name: string, text: string): AttachmentStub | undefined {
  try {
    return parseAttachmentStub(name, JSON.parse(text));
  } catch (error) {
    if (isProtocolError(error)) return undefined;
    throw error;
  }
}

interface Stretch {
  readonly digest: string;
  /** Of the content as it was uploaded. */
  readonly length: number;
  readonly content: StoredContent;
  readonly start: number;
  readonly end: number;
}

/** Some bytes of a content as it was uploaded. What is kept compressed is unpacked from its beginning. */
async function* stretchOf(
  { kv, layout }: AttachmentPlace,
  { digest, length, content, start, end }: Stretch,
): AsyncGenerator<Uint8Array, void, undefined> {
  const isPacked = content.encoding !== undefined;
  let at = isPacked ? 0 : start - (start % content.pieceBytes);
  const pieces = readPieces(kv, layout, digest, content, at);
  for await (const piece of isPacked ? unpack(pieces, content.encoding) : pieces) {
    const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += piece.length;
    if (part.length > 0) yield part;
    if (at >= end && end < length) return;
    if (at > length) break;
  }
  if (at === length || start === end) return;
  throw new StoreError(
    `The replica is damaged: the content ${digest} does not have the ${length} bytes it should`,
    'corrupt',
  );
}
