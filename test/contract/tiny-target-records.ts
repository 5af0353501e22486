import type {
  Checkpoint,
  FailedRevision,
  JsonObject,
  MissingRevisions,
  OfferedRevisions,
  TargetState,
  WriteBatch,
  WriteResult,
} from '../../src/index.ts';
import { leavesOf, TinyData, TinyTarget } from './tiny-target.ts';

/** What the application keeps beside the documents. */
export class TinyRecords extends TinyData {
  readonly checkpoints = new Map<string, JsonObject>();
  readonly failures = new Map<string, FailedRevision>();
}

/** The tiny target with checkpoints of its own, which come after the documents. */
export class TinyTargetWithCheckpoints<Data extends TinyRecords = TinyRecords> extends TinyTarget<Data> {
  async readCheckpoint(id: string): Promise<JsonObject | undefined> {
    return this.data().checkpoints.get(id);
  }

  async writeCheckpoint({ id, value }: Checkpoint): Promise<void> {
    this.data().checkpoints.set(id, value);
  }
}

/** The tiny target with everything that a batch may carry. */
export class TinyTargetWithRecords<Data extends TinyRecords = TinyRecords> extends TinyTargetWithCheckpoints<Data> {
  override async open(): Promise<TargetState> {
    return { ...(await super.open()), atomic: true };
  }

  override async diff(offered: readonly OfferedRevisions[]): Promise<readonly MissingRevisions[]> {
    const data = this.data();
    return (await super.diff(offered)).map((lacking) => {
      const newest = Math.max(...lacking.missing.map(generationOf));
      const possibleAncestors = leavesOf(data, lacking.id).filter((rev) => generationOf(rev) < newest);
      return { ...lacking, possibleAncestors };
    });
  }

  override async writeBatch(batch: WriteBatch): Promise<WriteResult> {
    const data = this.data();
    const result = await super.writeBatch(batch);
    const { failures = [], forget = [], replace = [], checkpoint } = batch;
    for (const { id, revs } of replace) keepLeaves(data, id, revs);
    const failed = new Map([...failures, ...result.rejected].map((failure) => [nameOf(failure), failure]));
    for (const [name, { id, rev, reason }] of failed) {
      data.failures.set(name, { id, rev, reason, attempts: (data.failures.get(name)?.attempts ?? 0) + 1 });
    }
    for (const gone of forget) data.failures.delete(nameOf(gone));
    for (const [name, { id, rev }] of data.failures) {
      if (data.documents.get(id)?.has(rev)) data.failures.delete(name);
    }
    if (checkpoint !== undefined) data.checkpoints.set(checkpoint.id, checkpoint.value);
    return result;
  }

  async *failed(): AsyncGenerator<FailedRevision, void, undefined> {
    yield* [...this.data().failures.values()];
  }
}

/** Forgets all leaves of a document but these, with what led to no other, as long as one is left. */
function keepLeaves(data: TinyRecords, id: string, revs: readonly string[]): void {
  const revisions = data.documents.get(id);
  const kept = leavesOf(data, id).filter((rev) => revs.includes(rev));
  if (revisions === undefined || kept.length === 0) return;
  const reached = new Set<string>();
  for (const leaf of kept) {
    for (let rev: string | undefined = leaf; rev !== undefined; rev = revisions.get(rev)?.parent) reached.add(rev);
  }
  for (const rev of revisions.keys()) if (!reached.has(rev)) revisions.delete(rev);
}

function generationOf(rev: string): number {
  return Number.parseInt(rev, 10) || 0;
}

function nameOf({ id, rev }: { readonly id: string; readonly rev: string }): string {
  return JSON.stringify([id, rev]);
}
