import type { RevTree } from '../../src/revs/tree.ts';
import { type LocalDocument, StoredDocument, type StoredRevision } from './document.ts';
import { isDesignId } from './document-id.ts';
import { compareBytes } from './order.ts';
import { defaultSecurity, type StoredSecurity } from './security.ts';
import { rangeOf, Shard, shardOf } from './shard.ts';

/** One database: its documents by id and by change, its local documents, its settings. No HTTP, no clock. */
export class Database {
  readonly name: string;
  /** When it was made, in seconds since 1970. */
  readonly created: number;
  readonly shards: readonly Shard[];
  readonly #locals = new Map<string, LocalDocument>();
  /** What was purged, oldest first. */
  readonly purges: { readonly id: string; readonly revs: readonly string[] }[] = [];
  revsLimit = 1000;
  purgedInfosLimit = 1000;
  #security: StoredSecurity = defaultSecurity();
  #deleted = false;
  readonly #documents = new Map<string, StoredDocument>();
  readonly #listeners = new Set<() => void>();
  #liveCount = 0;
  #contentSize = 0;
  #fileSize = 16_710;
  #sortedIds: readonly string[] | undefined;
  readonly #designIds = new Set<string>();
  #designRevision = 0;

  /**
   * @param newUuid makes the ids that tell its shards from those of any other database
   */
  constructor(name: string, options: { q: number; created: number; newUuid: () => string }) {
    this.name = name;
    this.created = options.created;
    this.shards = Array.from(
      { length: options.q },
      (_, i) => new Shard(rangeOf(i, options.q), options.newUuid().slice(0, 7)),
    );
  }

  /** How many documents are not deleted. */
  get liveCount(): number {
    return this.#liveCount;
  }

  /** How many documents are deleted. */
  get tombstoneCount(): number {
    return this.#documents.size - this.#liveCount;
  }

  /** The sum of the shards' sequences. */
  get sequence(): number {
    return this.shards.reduce((sum, shard) => sum + shard.sequence, 0);
  }

  /** About how many bytes the bodies have that are kept. */
  get contentSize(): number {
    return this.#contentSize;
  }

  /** About how many bytes its files would have: they grow with every write, until they are compacted. */
  get fileSize(): number {
    return this.#fileSize;
  }

  /** The local documents, by their ids. */
  get locals(): ReadonlyMap<string, LocalDocument> {
    return this.#locals;
  }

  /** Grows with every change of a design document, so that what was compiled from them can be kept as long as it fits. */
  get designRevision(): number {
    return this.#designRevision;
  }

  get security(): StoredSecurity {
    return this.#security;
  }

  /** CouchDB writes the security object to every shard, which moves their sequences. */
  set security(security: StoredSecurity) {
    this.#security = security;
    for (const shard of this.shards) shard.skip();
    this.announce();
  }

  /** Whether it was deleted; open feeds end then. */
  get deleted(): boolean {
    return this.#deleted;
  }

  document(id: string): StoredDocument | undefined {
    return this.#documents.get(id);
  }

  /** All documents, deleted ones too, in no order. */
  documents(): IterableIterator<StoredDocument> {
    return this.#documents.values();
  }

  /** The design documents, deleted ones too, in the order of their ids. */
  designDocuments(): StoredDocument[] {
    return Array.from(this.#designIds, (id) => this.#documents.get(id))
      .filter((document) => document !== undefined)
      .sort((a, b) => compareBytes(a.id, b.id));
  }

  /** The ids of all documents that are not deleted, in the order of their bytes. */
  sortedIds(): readonly string[] {
    this.#sortedIds ??= Array.from(this.#documents.values())
      .filter((document) => !document.winner.deleted)
      .map(({ id }) => id)
      .sort(compareBytes);
    return this.#sortedIds;
  }

  /** Stores a changed tree with its contents as the latest change. Tell the listeners when the whole batch is in. */
  store(id: string, tree: RevTree, contents: readonly StoredRevision[]): StoredDocument {
    const before = this.#documents.get(id);
    const index = before?.shard ?? shardOf(id, this.shards.length);
    const shard = this.#shard(index);
    const document = new StoredDocument(id, index, shard.sequence + 1, tree, contents);
    if (before !== undefined) this.#remove(before);
    shard.append(document);
    this.#documents.set(id, document);
    this.#count(document, 1);
    if (before?.winner.deleted !== document.winner.deleted) this.#sortedIds = undefined;
    this.#fileSize += PER_WRITE + sizeOf(document);
    return document;
  }

  /** Stores a local document over any other of its id, or removes it. */
  storeLocal(id: string, local: LocalDocument | undefined): void {
    if (local === undefined) this.#locals.delete(id);
    else this.#locals.set(id, local);
    this.#fileSize += PER_WRITE + (local?.members.length ?? 0);
  }

  /** Replaces the contents of a document without a change: what compaction does. */
  replaceContents(document: StoredDocument, contents: readonly StoredRevision[]): void {
    const { id, shard, sequence, tree } = document;
    const compacted = new StoredDocument(id, shard, sequence, tree, contents);
    this.#contentSize += sizeOf(compacted) - sizeOf(document);
    this.#documents.set(id, compacted);
    this.#shard(shard).replace(compacted);
  }

  /** Forgets a document altogether, as a purge of its last leaf does. */
  forget(document: StoredDocument): void {
    this.#remove(document);
    this.#documents.delete(document.id);
    this.#sortedIds = undefined;
  }

  /** Calls a listener after every batch of changes, and when the database is deleted; gives the way to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners. */
  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Marks it as deleted and ends what waits for it. */
  markDeleted(): void {
    this.#deleted = true;
    this.announce();
  }

  #remove(document: StoredDocument): void {
    this.#shard(document.shard).vacate(document.sequence);
    this.#count(document, -1);
  }

  #count(document: StoredDocument, sign: 1 | -1): void {
    this.#contentSize += sign * sizeOf(document);
    if (!document.winner.deleted) this.#liveCount += sign;
    if (!isDesignId(document.id)) return;
    this.#designRevision += 1;
    if (sign === 1) this.#designIds.add(document.id);
    else this.#designIds.delete(document.id);
  }

  #shard(index: number): Shard {
    const shard = this.shards[index];
    if (shard === undefined) throw new RangeError(`No shard ${index}`);
    return shard;
  }
}

/** About what a write takes in a file, besides the content. */
const PER_WRITE = 200;

function sizeOf(document: StoredDocument): number {
  return document.contents.reduce((sum, { members }) => sum + members.length + 2, 0);
}
