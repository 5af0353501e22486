import { StoreError, type StoreFailure } from '../../src/core/errors.ts';

/** What the names of a browser's exceptions mean for a store (https://w3c.github.io/IndexedDB/#exceptions). */
const NAMES: ReadonlyMap<string, StoreFailure> = new Map([
  ['QuotaExceededError', 'full'],
  ['VersionError', 'newer'],
  ['SecurityError', 'denied'],
  ['NotAllowedError', 'denied'],
  ['DataCloneError', 'failed'],
  ['UnknownError', 'failed'],
]);

const SENTENCES: Readonly<Partial<Record<StoreFailure, (name: string) => string>>> = {
  full: (name) => `There is no room left for the store ${name}: free some of the site's storage, or ask for more`,
  newer: (name) => `A newer couchtide has written the store ${name}: reload the page to use it`,
  denied: (name) => `The browser does not let this page use the store ${name}: allow it to keep data`,
};

/** Whether the connection to the database is gone, so that another one may do. */
export function isDisconnected(error: unknown): boolean {
  return nameOf(error) === 'InvalidStateError';
}

/** An exception of the browser as a `StoreError`; anything else as it is. */
export function asStoreError(error: unknown, database: string): unknown {
  if (!(error instanceof DOMException)) return error;
  const failure = NAMES.get(error.name) ?? 'failed';
  const name = JSON.stringify(database);
  const sentence = SENTENCES[failure]?.(name) ?? `The store ${name} failed: ${error.name}: ${error.message}`;
  return new StoreError(sentence, failure, { cause: error });
}

function nameOf(error: unknown): string {
  return error instanceof DOMException ? error.name : '';
}
