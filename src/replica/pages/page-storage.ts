import { StoreError } from '../../core/errors.ts';
import { loadPart } from '../../core/load-part.ts';
import type { Platform } from '../../core/platform.ts';
import { compareBytes } from '../../kv/key.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { BodyReader } from '../body-reader.ts';
import { decodeHead } from '../head.ts';
import type { Layout } from '../layout.ts';
import type {
  BodyPlace,
  DocumentChange,
  DocumentStorage,
  FoundBody,
  Head,
  HeadRange,
  Inspection,
  PreparedCommit,
} from '../storage.ts';
import { Blocks, MissingBlock } from './blocks.ts';
import { findEntries } from './find.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import { prepareBatch } from './prepare-batch.ts';
import type { Run } from './run.ts';
import { RunList } from './run-list.ts';
import { readSequence } from './sequence.ts';
import type { Written } from './upkeep.ts';
import type { Workshop } from './workshop.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Documents in pages: a batch is written as one run of pages in the order of their ids, and segments of bodies, some thirty records for 500
 * documents of a kilobyte. Runs are merged later, eight into one, so that a document is found in few of them
 * (a log-structured merge tree, O'Neil et al. 1996).
 *
 * Costs per document: about 150 bytes and its body; every eightfold growth writes the 150 bytes once more. Finding one: a small read to see
 * whether anybody has written, and a page of 16 kB. Memory: one batch, and at most 8 MiB of the nodes above pages.
 */
export class PageStorage implements DocumentStorage {
  readonly #workshop: Workshop;
  readonly #runs: RunList;
  /** Since the last upkeep. */
  #written: Written = { changes: 0, bytes: 0 };

  /** @param partBytes into how large records bodies and pages are cut, as the replica was made */
  constructor(kv: Kv, layout: Layout, partBytes: number, platform: Platform) {
    this.#runs = new RunList(kv, layout);
    const blocks = new Blocks(kv, layout, partBytes);
    const bodies = new BodyReader(kv, layout, partBytes);
    this.#workshop = { kv, layout, partBytes, platform, blocks, bodies, runs: this.#runs };
  }

  get areas(): readonly Key[] {
    const { layout } = this.#workshop;
    return [layout.runs, layout.blocks, layout.bodies, layout.sequence, layout.upkeep];
  }

  async heads(ids: readonly string[]): Promise<(Head | undefined)[]> {
    const wanted = ids.map((id) => encoder.encode(id));
    const entries = await this.#untilUndisturbed((runs) => findEntries(this.#workshop.blocks, runs, wanted));
    return entries.map((entry) => (entry === undefined ? undefined : headOf(entry)));
  }

  async *range({ from, to, reverse = false }: HeadRange): AsyncGenerator<readonly Head[], void, undefined> {
    const { blocks } = this.#workshop;
    const [first, last] = (reverse ? [to, from] : [from, to]).map((id) => (id === undefined ? id : encoder.encode(id)));
    const sign = reverse ? -1 : 1;
    let begin: Uint8Array | undefined = first;
    let isAfter = false;
    for (;;) {
      try {
        for await (const entries of mergedEntries(blocks, await this.#runs.current(), { begin, isAfter, reverse })) {
          const within = last === undefined ? entries : entries.filter(({ id }) => sign * compareBytes(id, last) <= 0);
          if (within.length > 0) yield within.map(headOf);
          if (within.length < entries.length) return;
          begin = entries.at(-1)?.id ?? begin;
          isAfter = true;
        }
        return;
      } catch (error) {
        await this.#mustBeReplaced(error);
      }
    }
  }

  async *changes(since: number): AsyncGenerator<readonly Head[], void, undefined> {
    for await (const changes of this.changedIds(since)) {
      const heads = await this.heads(changes.map(({ id }) => id));
      const holding = heads.filter((head, index) => head?.seq === changes[index]?.seq);
      if (holding.length > 0) yield holding.filter((head) => head !== undefined);
    }
  }

  changedIds(since: number): AsyncIterable<readonly Pick<Head, 'id' | 'seq'>[]> {
    return readSequence(this.#workshop, since);
  }

  bodies(places: readonly BodyPlace[]): Promise<FoundBody[]> {
    return this.#workshop.bodies.read(places);
  }

  async *inspect(): AsyncGenerator<Inspection, void, undefined> {
    const { inspectPages } = await loadPart(import('./inspect.ts'));
    yield* inspectPages(this.#workshop);
  }

  prepare(changes: readonly DocumentChange[], next: number): PreparedCommit {
    const { commit, run, bytes } = prepareBatch(this.#workshop, changes, next);
    return {
      ...commit,
      adopt: (tokens) => {
        this.#runs.change({ added: run }, tokens);
        this.#note({ changes: changes.length, bytes });
      },
    };
  }

  async upkeep(): Promise<void> {
    const written = this.#written;
    if (written.changes === 0) return;
    this.#written = { changes: 0, bytes: 0 };
    try {
      const { keepUp } = await loadPart(import('./upkeep.ts'));
      await this.#untilUndisturbed(() => keepUp(this.#workshop, written));
    } catch (error) {
      this.#note(written);
      throw error;
    }
  }

  #note({ changes, bytes }: Written): void {
    this.#written = { changes: this.#written.changes + changes, bytes: this.#written.bytes + bytes };
  }

  /** Does something with the runs as they are now, and again where one has been replaced meanwhile. */
  async #untilUndisturbed<R>(use: (runs: readonly Run[]) => Promise<R>): Promise<R> {
    for (;;) {
      try {
        return await use(await this.#runs.current());
      } catch (error) {
        await this.#mustBeReplaced(error);
      }
    }
  }

  /**
   * Whoever misses a block may try again where its run has been replaced: somebody has come forward by that.
   *
   * @throws StoreError (`corrupt`) when the run is still in use, and any other error itself
   */
  async #mustBeReplaced(error: unknown): Promise<void> {
    if (!(error instanceof MissingBlock)) throw error;
    this.#runs.forget();
    const runs = await this.#runs.current();
    if (!runs.some(({ number }) => number === error.run)) return;
    throw new StoreError(
      'The replica is damaged: a page of documents is not there; pull it into a new replica',
      'corrupt',
      { cause: error },
    );
  }
}

function headOf({ id, seq, head }: PageEntry): Head {
  return { id: decoder.decode(id), seq, ...decodeHead(head) };
}
