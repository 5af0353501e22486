import type { Attachment } from '../core/attachment.ts';
import { Feed } from '../core/feed.ts';
import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { loadPart } from '../core/load-part.ts';
import { type Platform, platform } from '../core/platform.ts';
import { decodeJson } from '../kv/json.ts';
import type { Kv } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import { NamedLocks } from '../kv/named-locks.ts';
import { sweep } from '../kv/sweep.ts';
import type { ReplicaAttachmentOptions } from './contents/attachments.ts';
import type { ContentInfo, ContentSink } from './contents/content.ts';
import { Contents } from './contents/contents.ts';
import { diff } from './diff.ts';
import { readFailures } from './failures.ts';
import { type Identity, openIdentity, removeIdentity } from './identity.ts';
import { type ReplicaInfo, readInfo } from './info.ts';
import { Layout } from './layout.ts';
import { Lifetime } from './lifetime.ts';
import type { Keep } from './merge-batch.ts';
import { PageStorage } from './pages/page-storage.ts';
import { ReplicaReads } from './replica-reads.ts';
import type { DocumentStorage } from './storage.ts';
import type {
  Checkpoint,
  FailedRevision,
  MissingRevisions,
  OfferedRevisions,
  RevisionWithStubs,
  Target,
  TargetState,
  WriteBatch,
  WriteResult,
} from './target.ts';
import type { VerifyEvent } from './verify/event.ts';
import type { VerifyOptions } from './verify/verify.ts';
import { type Writing, writeBatch } from './write-batch.ts';

export type { ReplicaInfo };

/** How a replica is kept. */
export interface ReplicaOptions {
  /**
   * Which bodies are kept when a newer revision arrives: `leaves`, the default, those of leaves alone; `all`, every body
   * that ever came. The ids of the whole ancestry are kept either way.
   */
  readonly keep?: Keep;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/**
 * Opens the replica of that name in a store, or makes it. Several may be in one store, and one may be open in several
 * places at once.
 *
 * @throws InputError for an unusable name
 * @throws StoreError when the store cannot be read, or the replica is damaged or of a newer form
 *
 * @example
 * ```ts
 * const replica = await openReplica(memoryKv(), 'recipes');
 * await replica.info(); // { name: 'recipes', docCount: 0, … }
 * ```
 */
export async function openReplica(kv: Kv, name: string, options: ReplicaOptions = {}): Promise<Replica> {
  const on = platform(options.platform);
  const identity = await openIdentity(kv, name, on);
  const layout = new Layout(name, identity.uuid);
  return new Replica(kv, layout, identity, options.keep ?? 'leaves', on);
}

/** The names of the replicas that a store holds, in order. */
export function replicas(kv: Kv): Feed<string> {
  return new Feed(async function* () {
    for await (const { key } of list(kv, { prefix: Layout.names })) yield [String(key.at(-1))];
  });
}

/**
 * A local copy of a database, to read from and to pull into: documents with all their leaf revisions and the whole
 * ancestry of ids, in the order of `_all_docs`.
 */
export class Replica extends ReplicaReads implements Target {
  readonly #kv: Kv;
  readonly #layout: Layout;
  readonly #identity: Identity;
  readonly #storage: DocumentStorage;
  readonly #writing: Writing;
  readonly #lifetime: Lifetime;
  readonly #contents: Contents;

  /**
   * Use {@link openReplica}.
   *
   * @internal
   */
  constructor(kv: Kv, layout: Layout, identity: Identity, keep: Keep, on: Platform) {
    const storage = new PageStorage(kv, layout, identity.partBytes, on);
    const lifetime = new Lifetime(`The replica ${JSON.stringify(layout.name)}`);
    const writing = { kv, layout, storage, keep, lifetime, platform: on, locks: new NamedLocks() };
    super(writing);
    this.#kv = kv;
    this.#layout = layout;
    this.#identity = identity;
    this.#storage = storage;
    this.#lifetime = lifetime;
    this.#writing = writing;
    this.#contents = new Contents(this.#writing, identity.partBytes);
  }

  /** The store that the replica is in. */
  get store(): Kv {
    return this.#kv;
  }

  get name(): string {
    return this.#layout.name;
  }

  /**
   * An attachment of a document: of its winner, or of a stored revision by name, conflicts and tombstones too. Undefined where there is none,
   * and none is read before it is wanted: where the content was never fetched, reading fails with a StoreError (`missing`).
   *
   * @example
   * ```ts
   * const picture = await replica.attachment('pancakes', 'stack.jpg');
   * if (picture !== undefined) console.log(picture.contentType, (await picture.blob()).size);
   * ```
   */
  async attachment(id: string, name: string, options: ReplicaAttachmentOptions = {}): Promise<Attachment | undefined> {
    const [kv, layout, storage] = [this.#kv, this.#layout, this.#storage];
    return this.#lifetime.run(async () => {
      const { readAttachment } = await loadPart(import('./contents/attachments.ts'));
      const contents = await this.#contents.store();
      const place = { kv, layout, storage, contents, check: () => this.#lifetime.check() };
      return readAttachment(place, id, name, options);
    });
  }

  /** What the replica holds, in numbers. */
  async info(): Promise<ReplicaInfo> {
    return this.#lifetime.run(() => readInfo(this.#kv, this.#layout, this.#identity));
  }

  /** The revisions that could not be had. Each pull tries them again. */
  failed(): Feed<FailedRevision> {
    this.#lifetime.check();
    return new Feed(() => this.#lifetime.through(readFailures(this.#kv, this.#layout)));
  }

  async open(): Promise<TargetState> {
    const { uuid, updateSeq } = await this.info();
    return { uuid, empty: updateSeq === 0, atomic: true };
  }

  async diff(offered: readonly OfferedRevisions[]): Promise<MissingRevisions[]> {
    return this.#lifetime.run(() => diff(this.#storage, offered));
  }

  async writeBatch(batch: WriteBatch): Promise<WriteResult> {
    return this.#lifetime.run(async () => {
      await this.#contents.upkeep();
      return writeBatch(this.#writing, batch);
    });
  }

  hasContent(digests: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#lifetime.run(async () => (await this.#contents.store()).has(digests));
  }

  openContent(digest: string, info: ContentInfo): Promise<ContentSink> {
    return this.#lifetime.run(async () => (await this.#contents.store()).open(digest, info));
  }

  async readCheckpoint(id: string): Promise<JsonObject | undefined> {
    const [entry] = await this.#lifetime.run(() => this.#kv.read([this.#layout.checkpoint(id)]));
    const value = entry === undefined ? undefined : decodeJson(entry.value);
    return isJsonObject(value) ? value : undefined;
  }

  async writeCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.writeBatch({ revisions: [], checkpoint });
  }

  /** The stored revisions with attachments whose content was never fetched. Costs a reading of what is known of all documents. */
  lackingContent(): Feed<RevisionWithStubs> {
    this.#lifetime.check();
    const [kv, layout, storage, contents] = [this.#kv, this.#layout, this.#storage, this.#contents];
    const lacking = async function* (): AsyncGenerator<readonly RevisionWithStubs[], void, undefined> {
      const { lackingContent } = await loadPart(import('./contents/lacking-content.ts'));
      yield* lackingContent(kv, layout, storage, await contents.store());
    };
    return new Feed(() => this.#lifetime.through(lacking()));
  }

  /**
   * Looks through everything that is stored here, and tells what is wrong: documents, bodies and records that cannot be
   * read, that are missing or that nobody has written, and counts that are not true. With a source, every document is also
   * held against it: its leaf revisions must be the same, but for what has changed there since the last pull, and
   * for what is on record as failed. The last event is the summary, which says how many problems there are.
   *
   * A replica that was filled by a pull with `transform`, or with a `filter` of its own, is not what its source says; one of
   * which only some documents were selected is `partial`.
   *
   * Costs: everything is read, and of a source its changes feed without documents. Memory: a step of some megabytes, and two
   * bits for each change of a document, 250 KiB for a million.
   *
   * The feed fails with a ContentionError when the replica is written to meanwhile; with an InputError when it was not
   * pulled from that source; and with the errors of the store and of the source.
   *
   * @example
   * ```ts
   * for await (const event of replica.verify()) {
   *   if (event.type === 'problem') console.log(event.message, event.id);
   *   if (event.type === 'summary') console.log(event.problems); // 0
   * }
   * ```
   */
  verify(options: VerifyOptions = {}): Feed<VerifyEvent> {
    this.#lifetime.check();
    const subject = { kv: this.#kv, layout: this.#layout, storage: this.#storage };
    return new Feed(
      async function* (signal) {
        const { verify } = await loadPart(import('./verify/verify.ts'));
        yield* verify(subject, options, signal);
      },
      { signal: options.signal },
    );
  }

  /**
   * Ends the use of this handle. The store stays open, and what is stored stays. Calls after it fail with a ClosedError whose
   * cause is the reason. It waits for those that are under way; a batch of several commits is broken off between two of them.
   */
  close(reason?: unknown): Promise<void> {
    return this.#lifetime.end(reason);
  }

  /** Removes the replica from the store, and closes it. Other handles then find it gone. */
  async destroy(): Promise<void> {
    this.#lifetime.check();
    await this.#lifetime.end();
    // Without its counter nothing can be written to it any more; what is left is then swept in steps.
    // The signal is given to those who watch, and swept with the rest.
    const set = [[this.#layout.signal, new Uint8Array()]] as const;
    await this.#kv.update([this.#layout.counter], () => ({ set, delete: [this.#layout.counter], result: undefined }));
    await sweep(this.#kv, this.#layout.root);
    await removeIdentity(this.#kv, this.#layout);
  }
}
