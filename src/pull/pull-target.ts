import type { Gate } from '../core/gate.ts';
import type { JsonObject } from '../core/json-value.ts';
import { type RetryContext, withRetry } from '../couch/request/retry.ts';
import type { Kv } from '../kv/kv.ts';
import type { ContentInfo, ContentSink } from '../replica/contents/content.ts';
import type {
  FailedRevision,
  MissingRevisions,
  OfferedRevisions,
  RevisionWithStubs,
  Target,
  TargetState,
  WriteBatch,
  WriteResult,
} from '../replica/target.ts';
import { type CheckpointStore, checkpointsIn, checkpointsOf } from './checkpoint-store.ts';
import { FailureMemory } from './failure-memory.ts';

/** What a pull adds to the target that it was given. */
export interface PullTargetContext extends RetryContext {
  /** Where checkpoints are kept apart from the documents; undefined for in the target. */
  readonly checkpoints: Kv | undefined;
  /** Holds the next try of a pull that is paused. */
  readonly gate: Gate;
  readonly signal: AbortSignal;
  /** What had failed, and was tried again, has succeeded. */
  readonly onRecovered: () => void;
}

/** Revisions of which the contents are looked after together. */
const TOGETHER = 200;

const NOTHING: WriteResult = { written: 0, rejected: [] };

/**
 * A target as its pull uses it: every part of the contract is there, whatever the application has left out, and a store that
 * is busy is waited for, call by call.
 */
export class PullTarget {
  readonly #target: Target;
  readonly #context: PullTargetContext;
  readonly #memory: FailureMemory | undefined;
  #state: TargetState | undefined;

  /** @throws InputError when nobody keeps checkpoints */
  constructor(target: Target, context: PullTargetContext) {
    this.#target = target;
    this.#context = context;
    this.#memory = target.failed === undefined ? new FailureMemory() : undefined;
    if (context.checkpoints === undefined) checkpointsOf(target);
  }

  get store(): Kv | undefined {
    return this.#target.store;
  }

  async open(): Promise<TargetState> {
    this.#state = await this.patiently(() => this.#target.open());
    return this.#state;
  }

  diff(offered: readonly OfferedRevisions[]): Promise<readonly MissingRevisions[]> {
    return this.patiently(() => this.#target.diff(offered));
  }

  /** Writes a batch with its checkpoint, or before it: never is a checkpoint anywhere before the documents that it covers. */
  async writeBatch({ checkpoint, ...batch }: WriteBatch): Promise<WriteResult> {
    const { revisions, failures = [], forget = [], replace = [] } = batch;
    const isEmpty = [revisions, failures, forget, replace].every(({ length }) => length === 0);
    if (checkpoint === undefined) return isEmpty ? NOTHING : this.#write(batch);
    const { atomic = false } = this.#state ?? (await this.open());
    const isOneCommit = atomic && this.#context.checkpoints === undefined && !isEmpty;
    if (isOneCommit) return this.#write({ ...batch, checkpoint });
    const result = isEmpty ? NOTHING : await this.#write(batch);
    const checkpoints = await this.#checkpoints();
    await this.patiently(() => checkpoints.write(checkpoint));
    return result;
  }

  async readCheckpoint(id: string): Promise<JsonObject | undefined> {
    const checkpoints = await this.#checkpoints();
    return this.patiently(() => checkpoints.read(id));
  }

  /** What is on record as failed; in a target without a record, what has failed since the pull began. */
  async failed(): Promise<readonly FailedRevision[]> {
    if (this.#memory !== undefined) return this.#memory.failures;
    return this.patiently(async () => {
      const failures: FailedRevision[] = [];
      for await (const failure of this.#target.failed?.() ?? []) failures.push(failure);
      return failures;
    });
  }

  /** Whether it takes the content of attachments. */
  get takesContent(): boolean {
    return this.#target.hasContent !== undefined && this.#target.openContent !== undefined;
  }

  hasContent(digests: readonly string[]): Promise<ReadonlySet<string>> {
    return this.patiently(async () => (await this.#target.hasContent?.(digests)) ?? new Set());
  }

  /** @throws TypeError for a target that takes none */
  openContent(digest: string, info: ContentInfo): Promise<ContentSink> {
    return this.patiently(() => {
      if (this.#target.openContent === undefined) throw new TypeError('The target takes no content of attachments');
      return this.#target.openContent(digest, info);
    });
  }

  /** What a pull has left out that it could fetch; many at a time. */
  async *lackingContent(): AsyncGenerator<readonly RevisionWithStubs[], void, undefined> {
    let revisions: RevisionWithStubs[] = [];
    for await (const revision of this.#target.lackingContent?.() ?? []) {
      revisions.push(revision);
      if (revisions.length < TOGETHER) continue;
      yield revisions;
      revisions = [];
    }
    if (revisions.length > 0) yield revisions;
  }

  async #write(batch: WriteBatch): Promise<WriteResult> {
    const result = await this.patiently(() => this.#target.writeBatch(batch));
    this.#memory?.note(batch, result);
    return result;
  }

  async #checkpoints(): Promise<CheckpointStore> {
    const { checkpoints } = this.#context;
    if (checkpoints === undefined) return checkpointsOf(this.#target);
    const { uuid } = this.#state ?? (await this.open());
    return checkpointsIn(checkpoints, uuid);
  }

  /** Makes a call, and the same again as long as its errors say that the store is only busy. */
  async patiently<T>(call: () => Promise<T>): Promise<T> {
    const { gate, signal, onRetry, onRecovered, ...context } = this.#context;
    let isBusy = false;
    const noticed: RetryContext = {
      ...context,
      onRetry: (notice) => {
        isBusy = true;
        onRetry?.(notice);
      },
    };
    const result = await withRetry(noticed, signal, async () => {
      if (isBusy) await gate.pass(signal);
      return call();
    });
    if (isBusy) onRecovered();
    return result;
  }
}
