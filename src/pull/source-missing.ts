import { CouchError, isCouchError } from '../core/errors.ts';
import { isDatabaseMissing } from '../couch/refusal.ts';

/** Whether an error says that the database of the source is not there. */
export function isSourceMissing(error: unknown): error is CouchError {
  return isCouchError(error) && isDatabaseMissing(error);
}

/** The same error, with what it means for a pull. */
export function sourceMissing(error: CouchError, url: string): CouchError {
  const message = `The database ${url} was deleted or does not exist, and what was pulled of it stays: ${error.message}`;
  return new CouchError(message, error, { cause: error });
}
