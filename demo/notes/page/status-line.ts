import type { Pull } from 'couchtide';
import { combineLatest, fromEvent, map, merge, type Observable, tap } from 'rxjs';
import { lastSeen } from './last-seen.ts';
import { holdingOf, statusText } from './status-text.ts';

/** Where it is shown how the pull stands. */
export interface StatusParts {
  readonly status: HTMLOutputElement;
  /** Holds the pull, and lets it go on. */
  readonly hold: HTMLButtonElement;
}

/** Shows how a pull stands, and lets it be held, while it is subscribed to. In whatever tab it works: all show the same, and hold the same. */
export function showStatus({ status, hold }: StatusParts, running: Pull): Observable<unknown> {
  const shown$ = running.status$.pipe(map((own) => own.leader ?? own));
  const shown = combineLatest([shown$, lastSeen(shown$)]).pipe(
    tap(([pull, seen]) => {
      status.textContent = statusText(pull, seen);
      const holding = holdingOf(pull.state);
      hold.hidden = holding === undefined;
      hold.textContent = holding?.text ?? '';
    }),
  );
  const clicks = fromEvent(hold, 'click').pipe(
    tap(() => {
      const { state } = running.status().leader ?? running.status();
      const action = holdingOf(state)?.action;
      if (action !== undefined) running[action]();
    }),
  );
  return merge(shown, clicks);
}
