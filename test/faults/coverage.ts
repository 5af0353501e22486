import { isSequence, type Sequence } from '../../src/couch/feed/sequence.ts';
import type { ReplicaInfo } from '../../src/index.ts';
import type { SourceDatabase } from '../support/source-database.ts';

/** What a replica was found to hold. */
export interface Found {
  /** `id rev` of every leaf revision, each read with its body. */
  readonly held: ReadonlySet<string>;
  readonly checkpoint: Sequence | undefined;
}

export const NOTHING_FOUND: Found = { held: new Set(), checkpoint: undefined };

/** `id rev` of every leaf that a source tells. */
export function allLeaves(source: SourceDatabase): Promise<Set<string>> {
  return readChanges(source, '');
}

/** `id rev` of every leaf that a source tells up to a position. */
export async function coveredBy(checkpoint: Sequence | undefined, source: SourceDatabase): Promise<Set<string>> {
  if (checkpoint === undefined) return new Set();
  const leaves = await allLeaves(source);
  for (const later of await readChanges(source, `&since=${String(checkpoint)}`)) leaves.delete(later);
  return leaves;
}

/** Up to where the only pull into a replica has stored everything. */
export function checkpointIn({ checkpoints }: ReplicaInfo): Sequence | undefined {
  const seq = checkpoints[0]?.value['seq'];
  return isSequence(seq) ? seq : undefined;
}

/** From where a request for changes wants them. */
export function sinceOf(path: string): string | undefined {
  return new URL(path, 'http://source').searchParams.get('since') ?? undefined;
}

async function readChanges(source: SourceDatabase, query: string): Promise<Set<string>> {
  const { text } = await source.read(`/_changes?style=all_docs${query}`);
  const { results } = JSON.parse(text) as { results: { id: string; changes: { rev: string }[] }[] };
  return new Set(results.flatMap(({ id, changes }) => changes.map(({ rev }) => `${id} ${rev}`)));
}
