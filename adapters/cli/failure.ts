import { isCouchError, isCouchtideError, isNetworkError } from '../../src/core/errors.ts';
import { harmless } from './wording.ts';

/** What went wrong, in one sentence that says what to do where that can be told. */
export function sentence(error: unknown): string {
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  const oneLine = harmless(said.replaceAll(/\s*\n\s*/g, ' ').trim());
  const advice = adviceOn(error);
  return advice === undefined ? oneLine : `${oneLine.replace(/\.$/, '')}; ${advice}`;
}

/** The same as an object for `--json`. */
export function errorLine(error: unknown): {
  readonly type: 'error';
  readonly name: string;
  readonly message: string;
  readonly status?: number;
} {
  return {
    type: 'error',
    name: isCouchtideError(error) ? error.name : 'Error',
    message: sentence(error),
    ...(isCouchError(error) ? { status: error.status } : {}),
  };
}

function adviceOn(error: unknown): string | undefined {
  if (isNetworkError(error) && error.failure === 'unreachable') return 'check the address, and that the server runs';
  if (!isCouchError(error)) return undefined;
  if (error.status === 401) return 'give a name and a password in the url, or in COUCHTIDE_USER and COUCHTIDE_PASSWORD';
  if (error.status === 403) return 'this user may not read the database';
  if (error.status === 404) return 'check the name of the database';
  return undefined;
}
