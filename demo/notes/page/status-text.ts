import type { PullStatus } from 'couchtide';

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** How a pull stands, in words for whoever reads notes. */
export function statusText({ state, pending, error, docsFailed }: PullStatus, seen: number | undefined): string {
  const text = textOf(state, pending, error);
  const since = seen === undefined ? 'and nothing has been fetched yet' : `last in touch ${WHEN.format(seen)}`;
  const touch = state === 'live' || state === 'catching-up' ? '' : `, ${since}`;
  const lacks = docsFailed === 0 ? '' : `. ${docsFailed} could not be had, and will be tried again`;
  return `${text}${touch}${lacks}`;
}

function textOf(state: PullStatus['state'], pending: number | undefined, error: unknown): string {
  switch (state) {
    case 'starting':
      return 'Looking for the server';
    case 'standby':
      return 'Another tab fetches the notes';
    case 'catching-up':
      return pending ? `Fetching, ${pending} to come` : 'Fetching';
    case 'live':
      return 'Up to date';
    case 'offline':
      return 'Offline';
    case 'backing-off':
      return 'The server is busy';
    case 'auth-required':
      return 'The server asks who you are';
    case 'quota':
      return 'This device has no room for more';
    case 'paused':
      return 'Paused';
    case 'completed':
    case 'stopped':
      return 'Over';
    case 'failed':
      return `Nothing can be fetched: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What can be done to a pull as it stands; undefined where nothing can. */
export function holdingOf(state: PullStatus['state']): { action: 'pause' | 'resume'; text: string } | undefined {
  switch (state) {
    case 'paused':
      return { action: 'resume', text: 'Resume' };
    case 'auth-required':
    case 'quota':
      return { action: 'resume', text: 'Try again' };
    case 'completed':
    case 'stopped':
    case 'failed':
      return undefined;
    default:
      return { action: 'pause', text: 'Pause' };
  }
}
