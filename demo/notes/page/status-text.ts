import type { PullStatus } from 'couchtide';
import { reasonOf } from './reason.ts';

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** How a pull stands, in words for whoever reads notes: this one, or that of another tab which it stands by. */
export function statusText(own: PullStatus, seen: number | undefined): string {
  const { state, pending, error, docsFailed } = statusShown(own);
  const parts = [textOf(state, pending, error)];
  if (state !== 'live' && state !== 'catching-up') {
    parts.push(seen === undefined ? 'nothing has been fetched yet' : `last in touch ${WHEN.format(seen)}`);
  }
  if (own.leader !== undefined) parts.push('in another tab');
  if (docsFailed > 0) parts.push(`${docsFailed} could not be had, and will be tried again`);
  return parts.join(' · ');
}

/** How the pull stands that works, in whatever tab. */
export function statusShown(own: PullStatus): PullStatus {
  return own.leader ?? own;
}

function textOf(state: PullStatus['state'], pending: number | undefined, error: unknown): string {
  switch (state) {
    case 'starting':
      return 'Looking for the server';
    case 'standby':
      return 'Waiting for another tab';
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
      return `Nothing can be fetched: ${reasonOf(error)}`;
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
