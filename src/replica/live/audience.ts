import type { Subscriber } from 'rxjs';
import type { AllDocsRange } from '../all-docs.ts';
import { readWinners, type Shown } from '../read.ts';
import type { ReplicaDoc } from '../replica-doc.ts';
import type { DocumentStorage } from '../storage.ts';
import { type LiveChange, liveDoc, orderOf } from './live-doc.ts';
import { LiveDocument } from './live-document.ts';
import { LiveRange } from './live-range.ts';

/** Documents whose bodies are read together. */
const STEP = 200;

/** One who watches a document or a range. */
export type LiveViewer =
  | { readonly id: string; readonly subscriber: Subscriber<ReplicaDoc | undefined> }
  | { readonly range: AllDocsRange; readonly subscriber: Subscriber<readonly ReplicaDoc[]> };

/** Everybody who watches documents of a replica and is shown the same of them. A document is read once for all of them. */
export class LiveAudience {
  readonly #shown: Shown;
  readonly #documents = new Map<string, LiveDocument>();
  readonly #ranges = new Map<string, LiveRange>();
  /** Documents that nobody has watched before. */
  readonly #new = new Set<string>();

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  add(viewer: LiveViewer): void {
    if ('range' in viewer) {
      const name = nameOf(viewer.range);
      const range = this.#ranges.get(name) ?? new LiveRange(viewer.range, this.#shown);
      this.#ranges.set(name, range);
      range.viewers.add(viewer.subscriber);
      return;
    }
    const { id, subscriber } = viewer;
    if (!this.#documents.has(id)) this.#new.add(id);
    const document = this.#documents.get(id) ?? new LiveDocument();
    this.#documents.set(id, document);
    document.viewers.add(subscriber);
  }

  remove(viewer: LiveViewer): void {
    if ('range' in viewer) {
      const name = nameOf(viewer.range);
      const range = this.#ranges.get(name);
      range?.viewers.remove(viewer.subscriber);
      if (range?.viewers.areNone) this.#ranges.delete(name);
      return;
    }
    const document = this.#documents.get(viewer.id);
    document?.viewers.remove(viewer.subscriber);
    if (document?.viewers.areNone) this.#documents.delete(viewer.id);
  }

  /** Takes documents that have changed: reads those that somebody watches. */
  async change(ids: Iterable<string>, storage: DocumentStorage, signal: AbortSignal): Promise<void> {
    const wanted = Array.from(ids, (id) => ({ id, order: orderOf(id) })).filter((document) => this.#isWanted(document));
    for (let start = 0; start < wanted.length; start += STEP) {
      signal.throwIfAborted();
      await this.#read(wanted.slice(start, start + STEP), storage);
    }
  }

  /** Reads what nobody has watched before, and shows everybody what is new to him. */
  async show(storage: DocumentStorage, signal: AbortSignal): Promise<void> {
    await this.change(this.#new, storage, signal);
    this.#new.clear();
    for (const range of [...this.#ranges.values()]) await range.fill(storage, signal);
    for (const subject of [...this.#documents.values(), ...this.#ranges.values()]) subject.show();
  }

  async #read(wanted: readonly Omit<LiveChange, 'now'>[], storage: DocumentStorage): Promise<void> {
    const ids = wanted.map(({ id }) => id);
    const revisions = await readWinners(storage, ids, this.#shown);
    const docs = new Map(revisions.map((revision) => [revision.id, liveDoc(revision, this.#shown)]));
    const changes = wanted
      .map((document): LiveChange => ({ ...document, now: docs.get(document.id) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    for (const { id, now } of changes) this.#documents.get(id)?.change(now);
    for (const range of this.#ranges.values()) range.change(changes.filter(({ order }) => range.wants(order)));
  }

  #isWanted({ id, order }: Pick<LiveChange, 'id' | 'order'>): boolean {
    if (this.#documents.has(id)) return true;
    for (const range of this.#ranges.values()) if (range.wants(order)) return true;
    return false;
  }
}

function nameOf({ startKey, endKey, descending = false, limit }: AllDocsRange): string {
  return JSON.stringify([startKey ?? null, endKey ?? null, descending, limit ?? null]);
}
