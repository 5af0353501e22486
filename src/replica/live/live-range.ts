import { type AllDocsRange, headRange } from '../all-docs.ts';
import { readTexts, type Shown } from '../read.ts';
import type { ReplicaDoc } from '../replica-doc.ts';
import type { DocumentStorage, HeadRange } from '../storage.ts';
import { type LiveChange, type LiveDoc, liveDoc, orderOf } from './live-doc.ts';
import { LiveViewers } from './viewers.ts';

/** Documents whose bodies are read together. */
const STEP = 200;

/**
 * The documents of a range that is watched: holds what is shown, and puts in what changes.
 *
 * With a limit, everything up to some document is known, and nothing of what comes after it. Where documents go, others that
 * take their places are read.
 */
export class LiveRange {
  readonly viewers = new LiveViewers<readonly ReplicaDoc[]>();
  readonly #range: HeadRange;
  readonly #limit: number;
  readonly #shown: Shown;
  readonly #bounds: { readonly from: string | undefined; readonly to: string | undefined };
  /** Those that are known, in the order of the range. */
  #docs: readonly LiveDoc[] = [];
  /** Up to which document all are known. */
  #known: 'none' | Pick<LiveDoc, 'id' | 'order'> | 'all' = 'none';
  #list: readonly ReplicaDoc[] = [];
  #isChanged = false;

  constructor(range: AllDocsRange, shown: Shown) {
    const { from, to } = headRange(range);
    this.#range = headRange(range);
    this.#limit = range.limit ?? Number.POSITIVE_INFINITY;
    this.#shown = shown;
    this.#bounds = { from: from === undefined ? from : orderOf(from), to: to === undefined ? to : orderOf(to) };
  }

  /** Whether a document at this place in the order of ids is among those that are known, or would be if there were one. */
  wants(order: string): boolean {
    const { from, to } = this.#bounds;
    if ((from !== undefined && order < from) || (to !== undefined && order > to)) return false;
    return typeof this.#known === 'string' ? this.#known === 'all' : !this.#isBefore(this.#known.order, order);
  }

  /** Puts in changes of documents that it wants, given in the order of ids. */
  change(changes: readonly LiveChange[]): void {
    const pieces: (readonly LiveDoc[])[] = [];
    let taken = 0;
    for (const { order, now } of this.#range.reverse ? [...changes].reverse() : changes) {
      const place = this.#placeOf(order);
      const before = this.#docs[place]?.order === order ? this.#docs[place] : undefined;
      if (before?.mark === now?.mark) continue;
      pieces.push(this.#docs.slice(taken, place), now === undefined ? [] : [now]);
      taken = before === undefined ? place : place + 1;
    }
    if (pieces.length === 0) return;
    const docs: LiveDoc[] = [];
    this.#docs = docs.concat(...pieces, this.#docs.slice(taken));
    this.#isChanged = true;
    if (this.#docs.length <= this.#limit) return;
    this.#docs = this.#docs.slice(0, this.#limit);
    this.#known = this.#docs.at(-1) ?? 'none';
  }

  /** Reads what it lacks: all of it at first, and later what takes the places of documents that have gone. */
  async fill(storage: DocumentStorage, signal: AbortSignal): Promise<void> {
    if (!this.#isLacking()) return;
    const docs = [...this.#docs];
    const last = typeof this.#known === 'string' ? undefined : this.#known.id;
    const range = { ...this.#range, ...(last !== undefined && { [this.#range.reverse ? 'to' : 'from']: last }) };
    const step = Math.min(STEP, this.#limit - docs.length + 1);
    this.#known = 'all';
    for await (const revisions of readTexts(storage, { ...range, shown: this.#shown, of: 'winner', step })) {
      signal.throwIfAborted();
      for (const revision of revisions) if (revision.id !== last) docs.push(liveDoc(revision, this.#shown));
      if (docs.length < this.#limit) continue;
      docs.length = this.#limit;
      this.#known = docs.at(-1) ?? 'none';
      break;
    }
    this.#isChanged ||= docs.length > this.#docs.length;
    this.#docs = docs;
  }

  /** Emits what it holds, where that is not what was emitted last. */
  show(): void {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    if (isChanged) this.#list = this.#docs.map(({ doc }) => doc);
    this.viewers.show(this.#list, isChanged);
  }

  #isLacking(): boolean {
    return this.#known !== 'all' && this.#docs.length < this.#limit;
  }

  /** The place of the first document that does not come before this one. */
  #placeOf(order: string): number {
    let [low, high] = [0, this.#docs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#docs[middle];
      if (there !== undefined && this.#isBefore(there.order, order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(a: string, b: string): boolean {
    return this.#range.reverse ? a > b : a < b;
  }
}
