import { loadPart } from '../../core/load-part.ts';
import type { Writing } from '../write-batch.ts';
import type { ContentStore } from './store.ts';

/** How often unused contents are looked for, in milliseconds. */
const SWEEPING = 600_000;

/** The contents of the attachments of a replica. What keeps them is loaded when there is the first of them to read or to write. */
export class Contents {
  readonly #writing: Writing;
  readonly #partBytes: number;
  #store: ContentStore | undefined;
  /** When unused contents were last looked for, by a clock that only goes forward. */
  #swept = Number.NEGATIVE_INFINITY;

  constructor(writing: Writing, partBytes: number) {
    this.#writing = writing;
    this.#partBytes = partBytes;
  }

  async store(): Promise<ContentStore> {
    const { ContentStore } = await loadPart(import('./store.ts'));
    this.#store ??= new ContentStore(this.#writing, this.#partBytes);
    return this.#store;
  }

  /** Deletes some of what nobody uses, once in a while. To be called before a write. */
  async upkeep(): Promise<void> {
    const now = this.#writing.platform.elapsed();
    if (now - this.#swept < SWEEPING) return;
    this.#swept = now;
    if (!(await this.#mayBeUnused())) return;
    const { sweepContents } = await loadPart(import('./upkeep.ts'));
    await sweepContents(this.#writing);
  }

  async #mayBeUnused(): Promise<boolean> {
    const { kv, layout } = this.#writing;
    for (const prefix of [layout.loose, layout.transfers]) {
      const { entries } = await kv.page({ prefix }, { limit: 1 });
      if (entries.length > 0) return true;
    }
    return false;
  }
}
