import { isSequence, type Sequence } from '../couch/feed/sequence.ts';
import type { WriteBatch, WriteResult } from '../replica/target.ts';
import type { PullTarget } from './pull-target.ts';
import type { SourceMark } from './source/identity.ts';

/** Whose checkpoint. */
export interface CheckpointPlace {
  readonly target: PullTarget;
  /** The pull. */
  readonly id: string;
}

/** The source, as a checkpoint is to remember it. */
export interface CheckpointSource extends Pick<SourceMark, 'created'> {
  readonly url: string;
  /** Of which attachments the content is here, of everything up to the checkpoint. */
  readonly attachments: string;
}

/** Where a pull stands, and how that is kept. */
export class Checkpoints {
  readonly #place: CheckpointPlace;
  readonly #source: CheckpointSource;

  constructor(place: CheckpointPlace, source: CheckpointSource) {
    this.#place = place;
    this.#source = source;
  }

  /** Writes a batch, and that everything up to a position is stored with it. */
  async write(batch: Omit<WriteBatch, 'checkpoint'>, through: Sequence | undefined): Promise<WriteResult> {
    const { target, id } = this.#place;
    if (through === undefined) return target.writeBatch(batch);
    const { url, created, attachments } = this.#source;
    const value = { source: url, seq: through, attachments, ...(created === undefined ? {} : { created }) };
    return target.writeBatch({ ...batch, checkpoint: { id, value } });
  }
}

/** Up to where everything of which source is stored; undefined before the first batch, and for what no pull has written. */
export async function readCheckpoint({
  target,
  id,
}: CheckpointPlace): Promise<(SourceMark & Partial<Pick<CheckpointSource, 'attachments'>>) | undefined> {
  const value = await target.readCheckpoint(id);
  if (value === undefined || !isSequence(value['seq'])) return undefined;
  const { seq, created, attachments } = value;
  return {
    seq,
    ...(typeof created === 'string' ? { created } : {}),
    ...(typeof attachments === 'string' ? { attachments } : {}),
  };
}
