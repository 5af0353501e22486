import { StoreError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { compareBytes } from '../../kv/key.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { BodyReader } from '../body-reader.ts';
import { decodeHead, encodeHead } from '../head.ts';
import type { Layout } from '../layout.ts';
import { SegmentWriter } from '../segment-writer.ts';
import type {
  BodyPlace,
  DocumentChange,
  DocumentStorage,
  FoundBody,
  Head,
  HeadRange,
  Inspection,
  Mutation,
  PreparedCommit,
  StoredRevision,
} from '../storage.ts';
import { Blocks, MissingBlock } from './blocks.ts';
import { fitsOneCommit } from './commit-size.ts';
import { findEntries } from './find.ts';
import { inspectPages } from './inspect.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import { encodeRun, type Run } from './run.ts';
import { RunList } from './run-list.ts';
import { RunWriter } from './run-writer.ts';
import { isFullRecord, readSequence, sequenceRecords } from './sequence.ts';
import { keepUp, type Written } from './upkeep.ts';
import type { Workshop } from './workshop.ts';

/** How often what is read may be replaced while it is read. */
const MOST_REPLACED = 10;

const NOTHING: Written = { changes: 0, bytes: 0 };

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
  #written: Written = NOTHING;

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

  heads(ids: readonly string[]): Promise<(Head | undefined)[]> {
    const wanted = ids.map((id) => encoder.encode(id));
    return this.#read(async (runs) => {
      const entries = await findEntries(this.#workshop.blocks, runs, wanted);
      return entries.map((entry) => (entry === undefined ? undefined : headOf(entry)));
    });
  }

  async *range({ from, to, reverse = false }: HeadRange): AsyncGenerator<readonly Head[], void, undefined> {
    const { blocks } = this.#workshop;
    const [first, last] = (reverse ? [to, from] : [from, to]).map((id) => (id === undefined ? id : encoder.encode(id)));
    const sign = reverse ? -1 : 1;
    let begin: Uint8Array | undefined = first;
    let isAfter = false;
    for (let replaced = 0; ; ) {
      try {
        const range = begin === undefined ? { reverse } : { begin, isAfter, reverse };
        for await (const entries of mergedEntries(blocks, await this.#runs.current(), range)) {
          const within = last === undefined ? entries : entries.filter(({ id }) => sign * compareBytes(id, last) <= 0);
          if (within.length > 0) yield within.map(headOf);
          if (within.length < entries.length) return;
          begin = entries.at(-1)?.id ?? begin;
          isAfter = true;
          replaced = 0;
        }
        return;
      } catch (error) {
        replaced += 1;
        this.#mustBeReplaced(error, replaced);
      }
    }
  }

  async *changes(since: number): AsyncGenerator<readonly Head[], void, undefined> {
    const { kv, layout } = this.#workshop;
    for await (const changes of readSequence(kv, layout, since)) {
      const heads = await this.heads(changes.map(({ id }) => id));
      const holding = heads.filter((head, index) => head !== undefined && head.seq === changes[index]?.seq);
      if (holding.length > 0) yield holding.filter((head) => head !== undefined);
    }
  }

  bodies(places: readonly BodyPlace[]): Promise<FoundBody[]> {
    return this.#workshop.bodies.read(places);
  }

  inspect(): AsyncIterable<Inspection> {
    return inspectPages(this.#workshop);
  }

  prepare(changes: readonly DocumentChange[], next: number): PreparedCommit {
    const { kv, layout, partBytes, blocks } = this.#workshop;
    const run = new RunWriter(blocks, next);
    const segments = new SegmentWriter(layout, partBytes, next + 1);
    let bodyBytes = 0;
    const entries = changes.map((change) => {
      const added = change.added.map(({ rev, body, attachments }): StoredRevision => {
        const bytes = encoder.encode(body);
        bodyBytes += bytes.length;
        const place = segments.add(bytes);
        return attachments === undefined ? { rev, place } : { rev, place, attachments };
      });
      const stored = [...change.kept, ...added];
      const head = encodeHead({ tree: change.tree, stored });
      return { id: encoder.encode(change.id), seq: change.seq, head, floor: floorOf(stored) };
    });
    entries.sort((a, b) => compareBytes(a.id, b.id));
    for (const { floor, ...entry } of entries) run.add(entry, floor);
    const finished = run.finish();
    const sequence = sequenceRecords(layout, changes, next);
    const records = [...segments.take(), ...run.take(), ...sequence];
    const root: Mutation[] = finished === undefined ? [] : [[layout.run(next), encodeRun(finished)]];
    const fits = fitsOneCommit(records, kv.limits);
    return {
      ahead: fits ? [] : records,
      set: fits ? [...records, ...root] : root,
      next: segments.next,
      growth: {
        bodyBytes,
        deadBytes: changes.reduce((sum, { dropped }) => sum + lengthOf(dropped), 0),
        sequenced: changes.length,
        sequenceRecords: sequence.filter((record) => !isFullRecord(record)).length,
      },
      adopt: (tokens) => {
        this.#runs.add(finished, tokens);
        this.#written = { changes: this.#written.changes + changes.length, bytes: this.#written.bytes + bodyBytes };
      },
    };
  }

  async upkeep(): Promise<void> {
    if (this.#written === NOTHING) return;
    for (let replaced = 1; ; replaced += 1) {
      try {
        await keepUp(this.#workshop, this.#written);
        this.#written = NOTHING;
        return;
      } catch (error) {
        this.#mustBeReplaced(error, replaced);
      }
    }
  }

  /** Reads runs as they are now, and again where one has been replaced meanwhile. */
  async #read<R>(read: (runs: readonly Run[]) => Promise<R>): Promise<R> {
    for (let replaced = 1; ; replaced += 1) {
      try {
        return await read(await this.#runs.current());
      } catch (error) {
        this.#mustBeReplaced(error, replaced);
      }
    }
  }

  /** @throws the error itself, but for a block that is missing as its run has been replaced */
  #mustBeReplaced(error: unknown, times: number): void {
    if (!(error instanceof MissingBlock)) throw error;
    this.#runs.forget();
    if (times < MOST_REPLACED) return;
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

/** The lowest segment that some revisions are in. */
function floorOf(stored: readonly StoredRevision[]): number {
  return stored.reduce((least, { place: [segment = 0] }) => Math.min(least, segment), Number.POSITIVE_INFINITY);
}

function lengthOf(stored: readonly StoredRevision[]): number {
  return stored.reduce((sum, { place: [, , length = 0] }) => sum + length, 0);
}
