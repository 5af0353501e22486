import { StoreError, type StoreFailure } from '../../src/core/errors.ts';

/** What to say of each failure, with the quoted path. */
const SENTENCES: Readonly<Record<StoreFailure, (path: string) => string>> = {
  busy: (path) => `Another process is writing to the store ${path}: wait for it to finish, or end it`,
  full: (path) => `The disk that holds the store ${path} is full: make room and try again`,
  'read-only': (path) => `The store ${path} is read-only: open it for writing, on a disk that can be written to`,
  foreign: (path) => `The path ${path} is not a store of couchtide: choose another directory`,
  newer: (path) => `A newer couchtide has written the store ${path}: update couchtide to use it`,
  corrupt: (path) => `The store ${path} is damaged: delete its directory and fill it anew`,
  missing: (path) => `There is no store ${path}: check the path, or pull a database into it first`,
  denied: (path) =>
    `Permission to use the store ${path} is denied: change its owner or mode, or choose another directory`,
  failed: (path) => `The store ${path} failed`,
};

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that mean more than a failure. */
const CODES: ReadonlyMap<number, StoreFailure> = new Map([
  [3, 'denied'],
  [5, 'busy'],
  [8, 'read-only'],
  [11, 'corrupt'],
  [13, 'full'],
  [15, 'busy'],
  [26, 'foreign'],
]);

/** No room for the index of the log, which SQLite tells from its other failures to read and write only so. */
const NO_ROOM_FOR_INDEX = 4874;

/** The same by SQLite's own sentences, for Deno, whose errors often carry nothing else. */
const MESSAGES: readonly (readonly [beginning: string, StoreFailure])[] = [
  ['access permission denied', 'denied'],
  ['database is locked', 'busy'],
  ['attempt to write a readonly database', 'read-only'],
  ['database disk image is malformed', 'corrupt'],
  ['database or disk is full', 'full'],
  ['locking protocol', 'busy'],
  ['file is not a database', 'foreign'],
];

/** The system's errors, by their codes. */
const SYSTEM: ReadonlyMap<string, StoreFailure> = new Map([
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EROFS', 'read-only'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['ENOENT', 'missing'],
  // Something else stands where the directory or the file should be.
  ['EEXIST', 'foreign'],
  ['ENOTDIR', 'foreign'],
  ['EISDIR', 'foreign'],
]);

/** The error for a failure that couchtide has found out itself. */
export function storeError(failure: StoreFailure, path: string, cause?: unknown): StoreError {
  const sentence = SENTENCES[failure](JSON.stringify(path));
  const detail = failure === 'failed' && cause instanceof Error ? `: ${cause.message}` : '';
  return new StoreError(`${sentence}${detail}`, failure, { cause });
}

/** What SQLite or the file system has thrown, as an error that says what to do. */
export function asStoreError(error: unknown, path: string): StoreError {
  return error instanceof StoreError ? error : storeError(failureOf(error), path, error);
}

function failureOf(error: unknown): StoreFailure {
  if (!(error instanceof Error)) return 'failed';
  if ('errcode' in error && typeof error.errcode === 'number') {
    return error.errcode === NO_ROOM_FOR_INDEX ? 'full' : (CODES.get(error.errcode & 0xff) ?? 'failed');
  }
  const system = 'code' in error && typeof error.code === 'string' ? SYSTEM.get(error.code) : undefined;
  if (system !== undefined) return system;
  return MESSAGES.find(([beginning]) => error.message.startsWith(beginning))?.[1] ?? 'failed';
}
