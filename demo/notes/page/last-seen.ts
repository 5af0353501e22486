import type { PullStatus } from 'couchtide';
import { map, type Observable, pairwise, startWith } from 'rxjs';

const KEY = 'notes: last seen';

/**
 * When the server was last there, as far as a pull tells, in milliseconds since 1970; undefined before it ever was. Outlives the page, and is the
 * same in all tabs.
 */
export function lastSeen(status$: Observable<PullStatus>): Observable<number | undefined> {
  return status$.pipe(
    startWith(undefined),
    pairwise(),
    map((statuses) => {
      // One that goes was there until now.
      if (statuses.some(isInTouch)) localStorage.setItem(KEY, String(Date.now()));
      return Number(localStorage.getItem(KEY)) || undefined;
    }),
  );
}

function isInTouch(status: PullStatus | undefined): boolean {
  return status?.state === 'live' || status?.state === 'catching-up';
}
