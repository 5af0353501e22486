import { ClosedError, StoreError, type StoreFailure } from '../../src/core/errors.ts';

/** What to say of each failure, with the quoted name of the database. */
const SENTENCES: Readonly<Partial<Record<StoreFailure, (name: string) => string>>> = {
  busy: (name) => `Other processes are writing to the Deno KV ${name}: wait for them to finish, or end one`,
  full: (name) => `The disk that holds the Deno KV ${name} is full: make room and try again`,
  'read-only': (name) => `The Deno KV ${name} is read-only: choose a file that can be written to`,
  foreign: (name) => `The path ${name} is not a Deno KV: choose another file`,
  corrupt: (name) => `The Deno KV ${name} is damaged: delete its file and fill it anew`,
  missing: (name) => `There is no Deno KV ${name}, and none can be made there: check the path`,
};

/** What SQLite says (https://www.sqlite.org/rescode.html), which is all that tells one failure from another. */
const MESSAGES: readonly (readonly [part: string, StoreFailure])[] = [
  ['database is locked', 'busy'],
  ['database table is locked', 'busy'],
  ['locking protocol', 'busy'],
  ['database or disk is full', 'full'],
  ['attempt to write a readonly database', 'read-only'],
  ['file is not a database', 'foreign'],
  ['database disk image is malformed', 'corrupt'],
  ['unable to open database file', 'missing'],
];

/** What Deno KV has thrown, as an error that says what to do. */
export function asStoreError(error: unknown, database: string): Error {
  if (error instanceof StoreError) return error;
  if (isClosed(error)) return new ClosedError('The store is closed', { cause: error });
  const failure = failureOf(error);
  const name = JSON.stringify(database);
  const sentence = SENTENCES[failure]?.(name) ?? `The Deno KV ${name} failed: ${hideCredentials(firstLine(error))}`;
  return new StoreError(sentence, failure, { cause: error });
}

/** A text that may hold urls, fit to be shown. */
export function hideCredentials(text: string): string {
  return text.replace(/(https?:\/\/)[^/?#\s]*@/gi, '$1');
}

function failureOf(error: unknown): StoreFailure {
  if (!(error instanceof Error)) return 'failed';
  // What Deno was not permitted when it was started, and what the system does not permit.
  if (error.name === 'NotCapable' || error.name === 'PermissionDenied') return 'denied';
  return MESSAGES.find(([part]) => error.message.includes(part))?.[1] ?? 'failed';
}

/** Deno does not know the resource any more; `@deno/kv` says it in a sentence. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && (error.name === 'BadResource' || error.message.includes("after '.close' is called"));
}

/** `@deno/kv` puts the stack of its native code into its messages. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1).join();
}
