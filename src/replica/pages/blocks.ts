import { isStoreError } from '../../core/errors.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import { readMany } from '../../kv/read-many.ts';
import { joinBytes } from '../join-bytes.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import { type Child, decodeNode } from './node.ts';

/** Where a page or a node of a run lies. */
export interface BlockPlace {
  readonly run: number;
  readonly block: number;
  readonly bytes: number;
}

/** Nodes are kept in memory up to this many bytes: those over some four million documents. */
const CACHE_BYTES = 8 * 1024 * 1024;

/** A block is not there: the run has been replaced since it was listed. */
export class MissingBlock extends Error {
  override readonly name = 'MissingBlock';
  /** The number of the run. */
  readonly run: number;

  constructor(run: number) {
    super('A page of documents is not there');
    this.run = run;
  }
}

/** What is read of blocks, or undefined where they are not there or cannot be read. */
export async function unlessDamaged<R>(read: () => Promise<R>): Promise<R | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MissingBlock || (isStoreError(error) && error.failure === 'corrupt')) return undefined;
    throw error;
  }
}

/**
 * The pages and nodes of runs as records. What is too long for a value takes several blocks with numbers in a row. As runs never
 * change, nodes that have been read stay true.
 */
export class Blocks {
  readonly #kv: Kv;
  readonly #layout: Layout;
  /** Into how large records blocks are cut. */
  readonly partBytes: number;
  readonly #nodes = new Map<string, { readonly children: readonly Child[]; readonly bytes: number }>();
  #cached = 0;

  constructor(kv: Kv, layout: Layout, partBytes: number) {
    this.#kv = kv;
    this.#layout = layout;
    this.partBytes = partBytes;
  }

  /** How many blocks so many bytes take. */
  countOf(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / this.partBytes));
  }

  records(run: number, block: number, bytes: Uint8Array): Mutation[] {
    return Array.from({ length: this.countOf(bytes.length) }, (_, part) => [
      this.#layout.block(run, block + part),
      bytes.subarray(part * this.partBytes, (part + 1) * this.partBytes),
    ]);
  }

  /** The keys of the records at a place. */
  keysOf({ run, block, bytes }: BlockPlace): Key[] {
    return Array.from({ length: this.countOf(bytes) }, (_, part) => this.#layout.block(run, block + part));
  }

  /**
   * What lies at some places, in the order asked.
   *
   * @throws MissingBlock when one is not there
   */
  async read(places: readonly BlockPlace[]): Promise<Uint8Array[]> {
    const keys = places.map((place) => this.keysOf(place));
    const entries = await readMany(this.#kv, keys.flat());
    let at = 0;
    return places.map(({ run }, index) => {
      const parts = (keys[index] ?? []).map(() => {
        const value = entries[at++]?.value;
        if (value === undefined) throw new MissingBlock(run);
        return value;
      });
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : joinBytes(parts);
    });
  }

  /**
   * Nodes, from memory where they have been read before.
   *
   * @throws MissingBlock when one is not there
   * @throws StoreError (`corrupt`) when one cannot be read
   */
  async nodes(places: readonly BlockPlace[]): Promise<(readonly Child[])[]> {
    const known = places.map((place) => this.knownNode(place));
    const read = await this.read(places.filter((_, index) => known[index] === undefined));
    let at = 0;
    return places.map((place, index) => {
      const node = known[index];
      if (node !== undefined) return node;
      const children = decodeNode(read[at++] ?? new Uint8Array());
      this.#remember(nameOf(place), { children, bytes: place.bytes });
      return children;
    });
  }

  /** A node that has been read before, if it is still in memory. */
  knownNode(place: BlockPlace): readonly Child[] | undefined {
    const name = nameOf(place);
    const node = this.#nodes.get(name);
    // As long as there is room, it does not matter which was used last.
    if (node !== undefined && 2 * this.#cached > CACHE_BYTES) this.#remember(name, node);
    return node?.children;
  }

  /** The newest use is last in the map, so the first is what was not used for longest. */
  #remember(name: string, node: { readonly children: readonly Child[]; readonly bytes: number }): void {
    if (this.#nodes.delete(name)) this.#cached -= node.bytes;
    this.#nodes.set(name, node);
    this.#cached += node.bytes;
    for (const [oldest, { bytes }] of this.#nodes) {
      if (this.#cached <= CACHE_BYTES) return;
      this.#nodes.delete(oldest);
      this.#cached -= bytes;
    }
  }
}

function nameOf({ run, block }: BlockPlace): string {
  return `${run}/${block}`;
}
