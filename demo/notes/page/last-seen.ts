import type { PullStatus } from 'couchtide';
import { type Observable, scan } from 'rxjs';
import { statusShown } from './status-text.ts';

const KEY = 'notes: last seen';

/** How a pull stands, with when the server was last there, in milliseconds since 1970; undefined before it ever was. */
export interface SeenStatus {
  readonly own: PullStatus;
  readonly seen: number | undefined;
}

/** Notes when the server is there. That outlives the page, and is the same in all tabs. */
export function withLastSeen(status$: Observable<PullStatus>): Observable<SeenStatus> {
  return status$.pipe(
    scan<PullStatus, SeenStatus, undefined>((before, own) => {
      // A server that goes was there until now.
      if (isInTouch(before?.own) || isInTouch(own)) localStorage.setItem(KEY, String(Date.now()));
      return { own, seen: Number(localStorage.getItem(KEY)) || undefined };
    }, undefined),
  );
}

function isInTouch(own: PullStatus | undefined): boolean {
  const state = own && statusShown(own).state;
  return state === 'live' || state === 'catching-up';
}
