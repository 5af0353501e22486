import { decodeHead, encodeHead } from '../head.ts';
import type { SegmentWriter } from '../segment-writer.ts';
import type { Head, StoredRevision } from '../storage.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import type { Run } from './run.ts';
import type { RunWriter } from './run-writer.ts';
import { stepBytes, type Workshop } from './workshop.ts';

/** Documents of one step at the most. */
const DOCUMENTS = 500;

/** An entry whose bodies may have to be moved. */
export interface HeldEntry extends PageEntry, Pick<Head, 'tree' | 'stored'> {
  /** Revisions whose bodies are in old segments. */
  readonly old: readonly StoredRevision[];
}

/** Entries of a run to be rewritten in one step: so many, and so many bytes of bodies to be moved, but one at least. */
export async function takeEntries(
  { kv, blocks }: Workshop,
  input: Run,
  { after, cut }: { readonly after: Uint8Array | undefined; readonly cut: number },
): Promise<{ readonly entries: readonly HeldEntry[]; readonly isOver: boolean }> {
  const entries: HeldEntry[] = [];
  let bytes = 0;
  for await (const read of mergedEntries(blocks, [input], { begin: after, isAfter: true })) {
    for (const entry of read) {
      const { tree, stored } = decodeHead(entry.head);
      const old = stored.filter(({ place: [segment = 0] }) => segment < cut);
      bytes += old.reduce((sum, { place: [, , length = 0] }) => sum + length, entry.id.length + entry.head.length);
      const isFull = entries.length === DOCUMENTS || bytes > stepBytes(kv);
      if (entries.length > 0 && isFull) return { entries, isOver: false };
      entries.push({ ...entry, tree, stored, old });
    }
  }
  return { entries, isOver: true };
}

/**
 * Writes entries with their bodies in new segments.
 *
 * @returns the bytes of those that were moved
 */
export async function moveBodies(
  { bodies }: Workshop,
  entries: readonly HeldEntry[],
  { cut, writer, segments }: { readonly cut: number; readonly writer: RunWriter; readonly segments: SegmentWriter },
): Promise<number> {
  const found = await bodies.readBytes(entries.flatMap(({ old }) => old.map(({ place }) => place)));
  let at = 0;
  let moved = 0;
  for (const { id, seq, tree, stored } of entries) {
    let floor = Number.POSITIVE_INFINITY;
    const places = stored.map((revision) => {
      const [segment = 0] = revision.place;
      const body = segment < cut ? found[at++] : undefined;
      // A body that is damaged cannot be moved, and is no more damaged when its segment is gone.
      if (body === undefined) {
        if (segment >= cut) floor = Math.min(floor, segment);
        return revision;
      }
      moved += body.length;
      const place = segments.add(body);
      floor = Math.min(floor, place[0] ?? floor);
      return { ...revision, place };
    });
    writer.add({ id, seq, head: encodeHead({ tree, stored: places }) }, floor);
  }
  return moved;
}
