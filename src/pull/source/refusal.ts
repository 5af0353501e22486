import { CouchError, isCouchError } from '../../core/errors.ts';
import { isDatabaseMissing } from '../../couch/request/refusal.ts';
import type { Selection } from '../options.ts';

/** Whether an error says that the database of the source is not there. */
export function isSourceMissing(error: unknown): error is CouchError {
  return isCouchError(error) && isDatabaseMissing(error);
}

/** What a refusal of the source means for its pull, where that is not what it says by itself; all other errors as they are. */
export function explainRefusal(error: unknown, url: string, { selector }: Pick<Selection, 'selector'>): unknown {
  if (!isCouchError(error) || error.status !== 404) return error;
  if (isDatabaseMissing(error)) {
    return explained(error, `The database ${url} was deleted or does not exist, and what was pulled of it stays`);
  }
  // PouchDB's server takes the name of CouchDB's own filter for that of a design document.
  if (selector !== undefined && error.request.endsWith('/_changes')) {
    return explained(error, 'The source knows no selectors, so select by docIds, by its own filters or by a function');
  }
  return error;
}

function explained(error: CouchError, meaning: string): CouchError {
  return new CouchError(`${meaning}: ${error.message}`, error, { cause: error });
}
