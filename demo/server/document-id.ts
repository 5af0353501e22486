import type { JsonValue } from './json.ts';
import { badRequest } from './refusals.ts';

/**
 * Checks that a value can be the id of a document.
 *
 * @throws Refusal 400
 */
export function checkDocumentId(id: JsonValue): string {
  if (typeof id !== 'string') throw illegal('Document id must be a string');
  if (id === '') throw illegal('Document id must not be empty');
  if (id === '_design/' || id === '_local/') throw illegal(`Illegal document id \`${id}\``);
  if (id.startsWith('_') && !isDesignId(id) && !isLocalId(id)) {
    throw illegal('Only reserved document ids may start with underscore.');
  }
  return id;
}

/** Whether an id names a design document. */
export function isDesignId(id: string): boolean {
  return id.startsWith('_design/');
}

/** Whether an id names a local document, which is never replicated. */
export function isLocalId(id: string): boolean {
  return id.startsWith('_local/');
}

function illegal(reason: string): Error {
  return badRequest(reason, 'illegal_docid');
}
