import { type LiveChange, liveDoc, orderOf } from './live-doc.ts';
import type { LiveDocument } from './live-document.ts';
import type { LiveRange } from './live-range.ts';
import { readWinners, type Shown } from './read.ts';
import type { DocumentStorage } from './storage.ts';

/** Documents whose bodies are read together. */
const STEP = 200;

/** Everybody who watches documents of a replica and is shown the same of them. A document is read once for all of them. */
export class LiveAudience {
  readonly #shown: Shown;
  readonly #documents = new Map<string, Set<LiveDocument>>();
  readonly #ranges = new Set<LiveRange>();
  /** Documents that somebody has begun to watch. */
  readonly #fresh = new Set<string>();

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  addDocument(document: LiveDocument): void {
    const watchers = this.#documents.get(document.id) ?? new Set();
    this.#documents.set(document.id, watchers.add(document));
    this.#fresh.add(document.id);
  }

  removeDocument(document: LiveDocument): void {
    const watchers = this.#documents.get(document.id);
    watchers?.delete(document);
    if (watchers?.size === 0) this.#documents.delete(document.id);
  }

  addRange(range: LiveRange): void {
    this.#ranges.add(range);
  }

  removeRange(range: LiveRange): void {
    this.#ranges.delete(range);
  }

  /** Takes documents that have changed: reads those that somebody wants. */
  async change(ids: readonly string[], storage: DocumentStorage, signal: AbortSignal): Promise<void> {
    const wanted = ids.map((id) => ({ id, order: orderOf(id) })).filter((document) => this.#isWanted(document));
    for (let start = 0; start < wanted.length; start += STEP) {
      signal.throwIfAborted();
      await this.#read(wanted.slice(start, start + STEP), storage);
    }
  }

  /** Reads what those lack who have come, and emits what there is to show. */
  async show(storage: DocumentStorage, signal: AbortSignal): Promise<void> {
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    await this.change(fresh, storage, signal);
    for (const range of [...this.#ranges]) {
      await range.fill(storage, signal);
      range.show();
    }
  }

  async #read(wanted: readonly Omit<LiveChange, 'now'>[], storage: DocumentStorage): Promise<void> {
    const revisions = await readWinners(
      storage,
      wanted.map(({ id }) => id),
      this.#shown,
    );
    const docs = new Map(revisions.map((revision) => [revision.id, liveDoc(revision, this.#shown)]));
    const changes = wanted
      .map((document): LiveChange => ({ ...document, now: docs.get(document.id) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    for (const { id, now } of changes) for (const document of this.#documents.get(id) ?? []) document.change(now);
    for (const range of this.#ranges) range.change(changes.filter(({ order }) => range.wants(order)));
  }

  #isWanted({ id, order }: Pick<LiveChange, 'id' | 'order'>): boolean {
    if (this.#documents.has(id)) return true;
    for (const range of this.#ranges) if (range.wants(order)) return true;
    return false;
  }
}
