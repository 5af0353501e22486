import { Observable } from 'rxjs';
import type { Feed } from '../core/feed.ts';
import { loadPart } from '../core/load-part.ts';
import { leaves, pathTo } from '../revs/leaves.ts';
import type { RevisionPath } from '../revs/path.ts';
import { type AllDocsRange, listTexts } from './all-docs.ts';
import type { Followed } from './live/followed.ts';
import type { LiveReads } from './live/live-reads.ts';
import { type LocalChangesEvent, type LocalChangesOptions, localChanges } from './live/local-changes.ts';
import { type RevisionText, readRevision, readWinners, type Shown } from './read.ts';
import { parseDoc, type ReplicaDoc } from './replica-doc.ts';

/** A leaf revision of a document. */
export interface ReplicaLeaf {
  readonly rev: string;
  readonly deleted: boolean;
  /** Its ancestry, where it was asked for. */
  readonly revisions?: RevisionPath;
}

/** The documents of a replica, to be read once or live. */
export class ReplicaReads {
  readonly #followed: Followed;
  #live: LiveReads | undefined;

  /**
   * Use {@link openReplica}.
   *
   * @internal
   */
  constructor(followed: Followed) {
    this.#followed = followed;
  }

  /**
   * A document: its winner, or a stored revision by name. Undefined when there is none, or when the winner is a tombstone;
   * tombstones are read by name.
   *
   * Numbers are JavaScript's here; {@link ReplicaReads.text} has them as they were written.
   */
  async get(id: string, options: Shown & { readonly rev?: string } = {}): Promise<ReplicaDoc | undefined> {
    const found = await this.#revision(id, options);
    return found === undefined ? undefined : parseDoc(found.text);
  }

  /** The same as the JSON text that came, its members in CouchDB's order, numbers beyond 2^53 intact. */
  async text(id: string, options: Shown & { readonly rev?: string } = {}): Promise<string | undefined> {
    return (await this.#revision(id, options))?.text;
  }

  /** The leaf revisions of a document, the winner first, tombstones among them; none of an unknown document. */
  async leaves(id: string, options: { readonly revs?: boolean } = {}): Promise<ReplicaLeaf[]> {
    const { lifetime, storage } = this.#followed;
    const [head] = await lifetime.run(() => storage.heads([id]));
    if (head === undefined) return [];
    return leaves(head.tree).map(({ rev, deleted }) => {
      const revisions = options.revs ? pathTo(head.tree, rev) : undefined;
      return revisions === undefined ? { rev, deleted } : { rev, deleted, revisions };
    });
  }

  /** The documents in the order of their ids, tombstones left out. Memory: one page of them. */
  allDocs(range: AllDocsRange & Shown = {}): Feed<ReplicaDoc> {
    return listTexts(this.#followed, range, 'winner', (revision) => parseDoc(revision.text));
  }

  /**
   * The winners of some documents as text, in the order asked; tombstones and unknown documents are left out.
   *
   * @internal
   */
  winners(ids: readonly string[]): Promise<RevisionText[]> {
    const { lifetime, storage } = this.#followed;
    return lifetime.run(() => readWinners(storage, ids, {}));
  }

  /**
   * The documents as text, in the order of their ids: winners alone, or with `leaves` every leaf revision of every
   * document, the winner's first, tombstones too. Memory: one page of them.
   */
  texts(range: AllDocsRange & Shown & { readonly leaves?: boolean } = {}): Feed<RevisionText> {
    return listTexts(this.#followed, range, range.leaves ? 'leaves' : 'winner', (revision) => revision);
  }

  /**
   * The documents that have changed, each with its last change, in the order of these: up to now, or with `live` on and on as
   * they are written, by a pull here or in another tab, worker or process. An `idle` then says that everything has been told.
   *
   * Memory: one page of changes. The feed fails with an InputError where `since` is none of this replica, and with a
   * StoreError (`missing`) when the replica is destroyed by another handle.
   *
   * @example
   * ```ts
   * for await (const change of replica.changes({ live: true })) {
   *   if (change.type === 'idle') break;
   *   if (change.type === 'row') console.log(change.id, change.deleted);
   * }
   * ```
   */
  changes(options: LocalChangesOptions = {}): Feed<LocalChangesEvent> {
    return localChanges(this.#followed, options);
  }

  /**
   * A document as it is, undefined where there is none, and again whenever it has become another one, whoever wrote that. It
   * shows nothing older than what it has shown. Everybody who watches is given the same object: do not alter it.
   *
   * Errors are those of {@link ReplicaReads.get}, and a ClosedError when this handle is closed; subscribing again begins anew.
   *
   * @example
   * ```ts
   * const showing = replica.doc$('pancakes').subscribe((recipe) => console.log(recipe?._rev ?? 'There is none'));
   * showing.unsubscribe();
   * ```
   */
  doc$(id: string, shown: Shown = {}): Observable<ReplicaDoc | undefined> {
    return this.#watch((live) => live.doc$(id, shown));
  }

  /**
   * The documents of a range, in the order of their ids, and again whenever one of them has changed, come or gone, all in a
   * list of its own. Only what has changed is read again. Memory: the documents; a `limit` bounds it.
   *
   * Written documents are shown ten times a second at the most, however fast they come. All that is watched in one handle
   * shares one reader.
   *
   * @example
   * ```ts
   * const showing = replica.docs$({ startKey: 'p', limit: 20 }).subscribe((recipes) => console.log(recipes.length));
   * showing.unsubscribe();
   * ```
   */
  docs$(range: AllDocsRange & Shown = {}): Observable<readonly ReplicaDoc[]> {
    return this.#watch((live) => live.docs$(range));
  }

  /** Watches with what is loaded for the first who does, and shared by all. */
  #watch<T>(watch: (live: LiveReads) => Observable<T>): Observable<T> {
    this.#followed.lifetime.check();
    const load = async (): Promise<LiveReads> => {
      const { LiveReads } = await loadPart(import('./live/live-reads.ts'));
      this.#live ??= new LiveReads(this.#followed);
      return this.#live;
    };
    return new Observable((subscriber) => {
      load()
        .then((live) => {
          if (!subscriber.closed) watch(live).subscribe(subscriber);
        })
        .catch((error: unknown) => subscriber.error(error));
    });
  }

  async #revision(id: string, { rev, ...shown }: Shown & { readonly rev?: string }): Promise<RevisionText | undefined> {
    const { lifetime, storage } = this.#followed;
    const found = await lifetime.run(() => readRevision(storage, id, rev, shown));
    return found?.deleted && rev === undefined ? undefined : found;
  }
}
