import type { AttachmentSelection, Auth, ChangesOptions, PullOptions, ReplicaOptions } from '../../src/index.ts';

/** How a pull in a worker is done: as in a page, but for functions, which cannot be sent there. */
export interface WorkerPullOptions
  extends Omit<PullOptions, 'filter' | 'transform' | 'attachments' | 'checkpoints' | 'signal' | 'platform'> {
  /** The name of the IndexedDB database, as `indexedDbKv` takes it. The page opens it too, and reads from it. */
  readonly store: string;
  /** The name of the replica in it; by default that of the store. */
  readonly replica?: string;
  /** As `openReplica` takes it. */
  readonly keep?: NonNullable<ReplicaOptions['keep']>;
  /** Credentials, which the worker keeps. */
  readonly auth?: Exclude<Auth, (...asked: never) => unknown>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A filter function of a design document, or a view. */
  readonly filter?: NonNullable<ChangesOptions['filter']>;
  /** Of which attachments the content is fetched: of all, of none, or by their length. */
  readonly attachments?: boolean | Omit<AttachmentSelection, 'match'>;
  /** Stops the pull when it aborts. */
  readonly signal?: AbortSignal;
}
