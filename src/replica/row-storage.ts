import { StoreError } from '../core/errors.ts';
import type { Key, Kv } from '../kv/kv.ts';
import { listPages } from '../kv/list.ts';
import { BodyReader } from './body-reader.ts';
import { compareIds, plainPart } from './document-key.ts';
import { decodeHead, encodeHead } from './head.ts';
import type { Layout } from './layout.ts';
import { readMany } from './read-many.ts';
import { SegmentWriter } from './segment-writer.ts';
import type {
  BodyPlace,
  DocumentChange,
  DocumentStorage,
  Head,
  HeadRange,
  Inspection,
  Mutation,
  PreparedCommit,
} from './storage.ts';
import { inspectRows } from './verify-rows.ts';

/** What a commit holds beside documents and their bodies: counter, signal, checkpoint, failures. */
const RESERVED_MUTATIONS = 16;
const RESERVED_BYTES = 16 * 1024;
/** No key of a replica is longer: a name, a word, and the beginning and the hash of an id. */
const LONGEST_KEY = 1024;

const encoder = new TextEncoder();

/**
 * The first layout: a row with the head of each document, and the bodies of a batch together in segments of some 32 kB,
 * so that reading one document brings little else along.
 *
 * Costs per document: one row of about 150 bytes, and its body. Memory: one batch.
 */
export class RowStorage implements DocumentStorage {
  readonly #kv: Kv;
  readonly #layout: Layout;
  readonly #partBytes: number;
  readonly #bodies: BodyReader;

  /** @param partBytes into how large parts a segment is cut, as the replica was made */
  constructor(kv: Kv, layout: Layout, partBytes: number) {
    this.#kv = kv;
    this.#layout = layout;
    this.#partBytes = partBytes;
    this.#bodies = new BodyReader(kv, layout, partBytes);
  }

  get areas(): readonly Key[] {
    return [this.#layout.heads, this.#layout.bodies];
  }

  async heads(ids: readonly string[]): Promise<(Head | undefined)[]> {
    const keys = await Promise.all(ids.map((id) => this.#layout.head(id)));
    const entries = await readMany(this.#kv, keys);
    return entries.map((entry) => (entry === undefined ? undefined : decodeHead(entry.value)));
  }

  async *range({ from, to, reverse = false }: HeadRange): AsyncGenerator<readonly Head[], void, undefined> {
    const prefix = this.#layout.heads;
    const range = {
      prefix,
      ...(from === undefined ? {} : { from: [...prefix, plainPart(from)] }),
      // Everything that begins like the last id, long ids included, sorts before this.
      ...(to === undefined ? {} : { to: [...prefix, `${plainPart(to)}\0`] }),
    };
    let alike: Head[] = [];
    for await (const entries of listPages(this.#kv, range, { reverse })) {
      const ready: Head[] = [];
      for (const { value } of entries) {
        const head = decodeHead(value);
        if (alike[0] !== undefined && plainPart(alike[0].id) !== plainPart(head.id)) {
          ready.push(...inOrder(alike, reverse));
          alike = [];
        }
        alike.push(head);
      }
      yield ready.filter(({ id }) => isWithin(id, from, to));
    }
    yield inOrder(alike, reverse).filter(({ id }) => isWithin(id, from, to));
  }

  async bodies(places: readonly BodyPlace[]): Promise<string[]> {
    const found = await this.#bodies.read(places);
    return found.map((body) => {
      if ('text' in body) return body.text;
      throw new StoreError(
        `The replica is damaged: the body of a document ${body.damage}; pull it into a new replica`,
        'corrupt',
      );
    });
  }

  inspect(): AsyncIterable<Inspection> {
    return inspectRows(this.#kv, this.#layout, this.#bodies);
  }

  async prepare(changes: readonly DocumentChange[], firstSegment: number): Promise<PreparedCommit[]> {
    const { mutationsPerUpdate, bytesPerUpdate, keyBytesPerUpdate } = this.#kv.limits;
    const segments = new SegmentWriter(this.#layout, this.#partBytes, firstSegment);
    const commits: PreparedCommit[] = [];
    let held: DocumentChange[] = [];
    let heads: Mutation[] = [];
    let headBytes = 0;
    const fits = (mutations: number, bytes: number): boolean =>
      mutations <= mutationsPerUpdate - RESERVED_MUTATIONS &&
      bytes <= bytesPerUpdate - RESERVED_BYTES &&
      mutations * LONGEST_KEY <= keyBytesPerUpdate;
    const close = (): void => {
      const { records, bytes } = segments.held;
      const bodies = segments.take();
      commits.push({
        ...(fits(heads.length + records, headBytes + bytes)
          ? { ahead: [], set: [...bodies, ...heads] }
          : { ahead: bodies, set: heads }),
        segment: segments.next,
        changes: held,
      });
      held = [];
      heads = [];
      headBytes = 0;
    };
    for (const change of changes) {
      const bodies = change.added.map(({ body }) => encoder.encode(body));
      const bodyBytes = bodies.reduce((sum, { length }) => sum + length, 0);
      const { records, bytes } = segments.held;
      const more = heads.length + records + 2 + Math.ceil(bodyBytes / this.#partBytes);
      if (held.length > 0 && !fits(more, headBytes + bytes + bodyBytes + LONGEST_KEY)) close();
      const added = change.added.map(({ rev, attachments }, index) => {
        const place = segments.add(bodies[index] ?? new Uint8Array());
        return attachments === undefined ? { rev, place } : { rev, place, attachments };
      });
      const head = encodeHead({ ...change, stored: [...change.kept, ...added] });
      heads.push([await this.#layout.head(change.id), head]);
      headBytes += head.length + LONGEST_KEY;
      held.push(change);
    }
    close();
    return commits;
  }
}

function inOrder(heads: readonly Head[], reverse: boolean): Head[] {
  if (heads.length < 2) return [...heads];
  const sign = reverse ? -1 : 1;
  return [...heads].sort((a, b) => sign * compareIds(a.id, b.id));
}

function isWithin(id: string, from: string | undefined, to: string | undefined): boolean {
  return (from === undefined || compareIds(from, id) <= 0) && (to === undefined || compareIds(id, to) <= 0);
}
