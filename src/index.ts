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
export type { Platform } from './core/platform.ts';
export type { Decision, Entry, Key, KeyPart, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv/kv.ts';
