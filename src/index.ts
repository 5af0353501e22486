export type { Attachment, AttachmentInfo, ByteRange } from './core/attachment.ts';
export type { Backoff } from './core/backoff.ts';
export {
  ClosedError,
  ContentionError,
  CouchError,
  type CouchErrorDetails,
  CouchtideError,
  InputError,
  isClosedError,
  isContentionError,
  isCouchError,
  isCouchtideError,
  isInputError,
  isLimitError,
  isNetworkError,
  isProtocolError,
  isRetryable,
  isStoreError,
  LimitError,
  NetworkError,
  type NetworkFailure,
  ProtocolError,
  StoreError,
  type StoreFailure,
} from './core/errors.ts';
export { Feed, type OpenFeed } from './core/feed.ts';
export type { JsonObject } from './core/json-value.ts';
export type { Platform } from './core/platform.ts';
export type { AttachmentOptions } from './couch/attachments/attachments.ts';
export type {
  ChangesEnd,
  ChangesEvent,
  ChangesIdle,
  ChangesOptions,
  ChangesReconnected,
  ChangesSelection,
  LiveChangesEvent,
  LiveChangesOptions,
} from './couch/changes.ts';
export { type CouchOptions, couch } from './couch/couch.ts';
export type { Database, DatabaseInfo, Meter } from './couch/database.ts';
export type { Doc, GetOptions } from './couch/documents.ts';
export type { ChangesRow } from './couch/feed/changes-row.ts';
export type { Sequence } from './couch/feed/sequence.ts';
export type { FeedEnd, FeedIdle, FeedReconnected, FeedRow, FeedSign } from './couch/feed/source.ts';
export type { FeedTiming, LiveFeed } from './couch/feed/timing.ts';
export type { Auth } from './couch/request/auth.ts';
export type { Credentials } from './couch/request/authorization.ts';
export type { TimeLimits, Traffic } from './couch/request/connection.ts';
export type { RetryNotice, RetryPolicy } from './couch/request/retry.ts';
export type { RevisionsOptions } from './couch/revisions/revisions.ts';
export type { FetchedRevision, RevisionResult } from './couch/revisions/revisions-row.ts';
export type { WantedRevisions } from './couch/revisions/wanted-revisions.ts';
export type { Server, ServerInfo } from './couch/server.ts';
export type { DatabaseUpdate, UpdatesEvent, UpdatesOptions } from './couch/updates.ts';
export type { Decision, Entry, Key, KeyPart, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv/kv.ts';
export { type MemoryKvOptions, memoryKv } from './kv/memory.ts';
export type { AttachmentSelection, OfferedAttachment } from './pull/attachments/policy.ts';
export type { PullOptions } from './pull/options.ts';
export { type Pull, pull } from './pull/pull.ts';
export type { PullState } from './pull/state.ts';
export type { PullEvent, PullResult, PullStatus, StartReason } from './pull/status.ts';
export type { AllDocsRange } from './replica/all-docs.ts';
export type { ReplicaAttachmentOptions } from './replica/contents/attachments.ts';
export type { ContentInfo, ContentSink } from './replica/contents/content.ts';
export type {
  LocalChange,
  LocalChangesEvent,
  LocalChangesOptions,
  LocalChangesTold,
} from './replica/live/local-changes.ts';
export type { Keep } from './replica/merge-batch.ts';
export type { RevisionText, Shown } from './replica/read.ts';
export { openReplica, type Replica, type ReplicaInfo, type ReplicaOptions, replicas } from './replica/replica.ts';
export type { ReplicaDoc } from './replica/replica-doc.ts';
export type { ReplicaLeaf, ReplicaReads } from './replica/replica-reads.ts';
export type {
  Checkpoint,
  FailedRevision,
  MissingRevisions,
  OfferedRevisions,
  RevisionToWrite,
  RevisionWithStubs,
  Target,
  TargetState,
  WriteBatch,
  WriteResult,
} from './replica/target.ts';
export type {
  VerifyEvent,
  VerifyFailure,
  VerifyProblem,
  VerifyProblemKind,
  VerifyProgress,
  VerifySummary,
} from './replica/verify/event.ts';
export type { VerifyOptions } from './replica/verify/verify.ts';
export type {
  VerifyFeedEvent,
  VerifyFeedOptions,
  VerifyFeedRow,
  VerifySequence,
  VerifySource,
} from './replica/verify/verify-source.ts';
export type { RevisionPath } from './revs/path.ts';
