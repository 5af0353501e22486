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
export type { AllDocsOptions } from './couch/lists/all-docs.ts';
export type { DesignDoc } from './couch/lists/design-docs.ts';
export type { AllDocsRow } from './couch/lists/list-row.ts';
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
export { baseline } from './scan/baseline.ts';
export type {
  Failure,
  Finding,
  FindingDetails,
  PluginSummary,
  Progress,
  Report,
  ReportDetails,
  ScanCounts,
  ScanEvent,
  ScanSummary,
} from './scan/events.ts';
export { checkRules, find } from './scan/find/find.ts';
export type { FindOptions } from './scan/find/find-options.ts';
export { type FindAllow, type FindRule, type FindRules, findRules } from './scan/find/rule.ts';
export { parseRules, type RuleFormat } from './scan/find/rules/parse-rules.ts';
export type { ParsedRules } from './scan/find/rules/parsed-rules.ts';
export { secretRules } from './scan/find/rules/secret-rules.ts';
export type { FindPatterns, FindRulesOf } from './scan/find/tagged-rules.ts';
export type { RunRecord as ScanRun } from './scan/jobs/run-record.ts';
export { createLimiter, type Limiter } from './scan/limiter/limiter.ts';
export { DEFAULT_LIMITS, type RateClass, type RateLimits } from './scan/limiter/limits.ts';
export { sharedLimiter } from './scan/limiter/shared-limiter.ts';
export type { ScanOptions } from './scan/options.ts';
export type { ScanBudget } from './scan/pass/budget.ts';
export type { RateLimit } from './scan/pass/pass.ts';
export type { SkipOptions, TextPattern } from './scan/pass/skip.ts';
export type {
  Awaitable,
  CheckpointAnswer,
  CompleteAnswer,
  OpenedAnswer,
  Partition,
  PartitionsAnswer,
  RevisionSummary,
  ScanContext,
  ScanDb,
  ScanDbInfo,
  ScanDesignDoc,
  ScanDoc,
  ScanLeaf,
  ScanPlugin,
  ScanRevision,
  StartAnswer,
  StepAnswer,
} from './scan/plugin.ts';
export { type ConflictsOptions, conflicts } from './scan/plugins/conflicts.ts';
export { couch4Report } from './scan/plugins/couch4-report.ts';
export type { DdocFeature, FeatureCounts } from './scan/plugins/count-features.ts';
export { type DdocFeaturesOptions, ddocFeatures } from './scan/plugins/ddoc-features.ts';
export { indexSizes } from './scan/plugins/index-sizes.ts';
export { type LogLineOptions, logLine } from './scan/report/log-line.ts';
export { type SarifOptions, sarif } from './scan/report/sarif.ts';
export {
  type Webhook,
  type WebhookFailure,
  type WebhookOptions,
  type WebhookSummary,
  webhook,
} from './scan/report/webhook.ts';
export type { DeliveryOptions } from './scan/report/webhook-delivery.ts';
export { scan } from './scan/scan.ts';
export { type ScanJobData, type ScanJobOptions, scanJob, scanJobData, scanJobType } from './scan/scan-job.ts';
export { scanPlugins } from './scan/scan-plugins.ts';
export type { PluginStatus, ScannerStatus } from './scan/scanner/control.ts';
export type { ScannerOptions } from './scan/scanner/options.ts';
export { createScanner, type Scanner, type ScannerEvent } from './scan/scanner/scanner.ts';
export type { ScannerChanges } from './scan/scanner/settings.ts';
export type { Penalties } from './scan/schedule/penalty.ts';
export { nextRun, type Schedule, type ScheduleMoment } from './scan/schedule/schedule.ts';
export type { Scannable } from './scan/source/open-source.ts';
export type { Checkpoint as ScanCheckpoint, ScanPosition } from './scan/state/checkpoint.ts';
export { type FindingsOptions, findings$, scans } from './scan/state/findings.ts';
export { type ScanHandlerOptions, type ScanSlice, scanHandler } from './serve/scan-handler.ts';
export {
  type WatchedEvent,
  type WatchedFailure,
  type WatchScanOptions,
  watchScan,
} from './serve/watch-scan.ts';
