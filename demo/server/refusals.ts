import { Refusal } from './model.ts';

/** What is asked cannot be done as it was asked. */
export function badRequest(reason: string, error = 'bad_request'): Refusal {
  return new Refusal(400, error, reason);
}

/** What is asked for is not there. */
export function notFound(reason = 'missing'): Refusal {
  return new Refusal(404, 'not_found', reason);
}

/** Somebody else wrote first. */
export function conflict(): Refusal {
  return new Refusal(409, 'conflict', 'Document update conflict.');
}

/**
 * An error that CouchDB did not foresee.
 *
 * @param ref the hash of its stack trace, which CouchDB tells for most
 */
export function crash(error: string, reason: string, ref?: number): Refusal {
  return new Refusal(500, error, reason, ref === undefined ? {} : { [STACK_HASH]: String(ref) });
}

/** The header that tells the hash of a stack trace; the body of the answer repeats it. */
export const STACK_HASH = 'X-Couch-Stack-Hash';
