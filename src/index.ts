export type { Attachment, AttachmentInfo, ByteRange } from './core/attachment.ts';
export type { Backoff } from './core/backoff.ts';
export {
  ClosedError,
  ContentionError,
  CouchError,
  type CouchErrorDetails,
  CouchtideError,
  DispatchError,
  InputError,
  isClosedError,
  isContentionError,
  isCouchError,
  isCouchtideError,
  isDispatchError,
  isInputError,
  isJobCancelledError,
  isLeaseLostError,
  isLimitError,
  isNetworkError,
  isPluginError,
  isProtocolError,
  isRetryable,
  isStoreError,
  JobCancelledError,
  LeaseLostError,
  LimitError,
  NetworkError,
  type NetworkFailure,
  PluginError,
  type PluginFailure,
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
export type { AcceptOptions } from './jobs/acceptor.ts';
export type { JobCounts } from './jobs/counts.ts';
export type { JobsEvent } from './jobs/follow.ts';
export { handlerIn, type JobHandling, jobHandlers } from './jobs/handlers.ts';
export type { Job } from './jobs/job.ts';
export type { JobState } from './jobs/job-record.ts';
export type { AddOptions } from './jobs/job-terms.ts';
export type { JobType, JobTypeOptions } from './jobs/job-type.ts';
export type { JobView } from './jobs/job-view.ts';
export {
  createQueue,
  type JobListOptions,
  type NewJob,
  type Queue,
  type QueueOptions,
  type Within,
} from './jobs/queue.ts';
export { type WorkOptions, work } from './jobs/work.ts';
export type { JobContext, JobEvent, JobHandler } from './jobs/worker.ts';
export type { WorkerRecord } from './jobs/worker-record.ts';
export type { Decision, Entry, Key, KeyPart, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv/kv.ts';
export { type MemoryKvOptions, memoryKv } from './kv/memory.ts';
export type { AttachmentSelection, OfferedAttachment } from './pull/attachments/policy.ts';
export type { PullOptions } from './pull/options.ts';
export { type Pull, pull } from './pull/pull.ts';
export { type PullJobData, type PullJobOptions, pullJob, pullJobData, pullJobType } from './pull/pull-job.ts';
export type { PullState } from './pull/state.ts';
export type { PullEvent, PullResult, PullStatus, StartReason } from './pull/status.ts';
export type { PluginChange, RegistryChange } from './registry/announcements.ts';
export { createRegistry, type RegistryOptions } from './registry/create-registry.ts';
export type { DataSource } from './registry/data/contribution.ts';
export { type DataKey, type DataOptions, defineData } from './registry/data/data-key.ts';
export type { DataEntry, EntryKey, KeptEntry } from './registry/data/entry.ts';
export type { RegistryView, ViewEntry } from './registry/data/view.ts';
export type {
  DataDescription,
  HookDescription,
  PartsDescription,
  RegistryDescription,
  ServiceDescription,
  SourceDescription,
} from './registry/description.ts';
export type {
  Answered,
  Answers,
  CallContext,
  CallOptions,
  CallResult,
  ErrorPolicy,
  Outcome,
  PolicyOf,
  ResultOf,
} from './registry/dispatch/call.ts';
export {
  type AnswerOf,
  type ArgsOf,
  allOf,
  anyOf,
  background,
  decide,
  type HookOptions,
  type HookShape,
  type Mode,
  type PipeOptions,
  parallel,
  pipe,
  series,
  type VoteOptions,
} from './registry/hook.ts';
export { defineParts, type Ending, type PartFactory, type Parts, type RunningParts } from './registry/parts.ts';
export type { Position } from './registry/position.ts';
export type {
  Contributed,
  ContributeOptions,
  PartOptions,
  Plugin,
  PluginModule,
  PluginModules,
  Registered,
  Registry,
  WaitOptions,
} from './registry/registry.ts';
export {
  type AnyService,
  defineService,
  type Hook,
  type Hooks,
  type Provider,
  type ReplyIn,
  type ReplyOf,
  type Service,
} from './registry/service.ts';
export { constant } from './registry/sources/constant.ts';
export type { EntryList } from './registry/sources/entry-list.ts';
export { type FromUrlOptions, fromUrl } from './registry/sources/from-url.ts';
export { type PollContext, type PollOptions, poll } from './registry/sources/poll.ts';
export type { RegistryKey } from './registry/topic.ts';
export { type Decided, decided, type NoDecision, noDecision, type Verdict } from './registry/verdict.ts';
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
