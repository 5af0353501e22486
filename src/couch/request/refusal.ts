import { CouchError } from '../../core/errors.ts';
import { excerpt, isJsonObject } from '../../core/json-value.ts';
import type { Platform } from '../../core/platform.ts';

/** Makes the error of an answer whose status is not success. */
export function refusal(
  { status, headers }: Response,
  beginning: string,
  request: string,
  platform: Platform,
): CouchError {
  const { error, reason } = explain(beginning);
  const said = `${error === '' ? '' : ` ${error}`}${reason === '' ? '' : `: ${reason}`}`;
  const advice = isLockout(status, reason) ? '; try again in some minutes, until then no password is taken' : '';
  const retryAfter = retryAfterOf(headers.get('retry-after'), platform.now());
  return new CouchError(`${request} was refused with status ${status}${said}${advice}`, {
    status,
    error,
    reason,
    request,
    retryable: isPassing(status, error, reason),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** Whether a server says that the database is not there, as CouchDB and PouchDB's server put it. */
export function isDatabaseMissing({ status, reason }: CouchError): boolean {
  return status === 404 && /^(Database does not exist|no_db_file)/.test(reason);
}

/**
 * Whether an account is locked, as CouchDB does it from 3.4 on after five failed logins from one address: for five minutes, unless
 * it is configured otherwise.
 */
function isLockout(status: number, reason: string): boolean {
  return status === 403 && reason.startsWith('Account is temporarily locked');
}

/**
 * Whether a refusal is about the moment rather than about the request. CouchDB answers 500 both for a node that is
 * starting or in maintenance and for a parameter it cannot read; the latter's reasons are Erlang's names of a bad call.
 */
function isPassing(status: number, error: string, reason: string): boolean {
  if (status === 500)
    return !/^(badarg|function_clause|badmatch|case_clause|if_clause)\b/.test(reason === 'badarg' ? reason : error);
  if (status === 412) return error === 'nodedown';
  return (
    status === 408 ||
    status === 425 ||
    status === 429 ||
    status === 502 ||
    status === 503 ||
    status === 504 ||
    status === 507
  );
}

/** `Retry-After` in milliseconds: it gives seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const milliseconds = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

function explain(text: string): { error: string; reason: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return {
      error: '',
      reason: text.trim() === '' ? '' : `the answer is not CouchDB's, it begins ${excerpt(text.trim())}`,
    };
  }
  if (!isJsonObject(parsed)) return { error: '', reason: '' };
  const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 1000) : '');
  return { error: word(parsed['error']), reason: word(parsed['reason']) };
}
