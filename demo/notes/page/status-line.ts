import type { Pull } from 'couchtide';
import { fromEvent, merge, type Observable, tap } from 'rxjs';
import { say } from './elements.ts';
import { withLastSeen } from './last-seen.ts';
import { holdingOf, statusShown, statusText } from './status-text.ts';

/** Where it is shown how the pull stands. */
export interface StatusParts {
  readonly status: HTMLOutputElement;
  /** Holds the pull, and lets it go on. */
  readonly hold: HTMLButtonElement;
}

/** Shows how a pull stands, and lets it be held, while it is subscribed to. All tabs show the same, and hold the same. */
export function showStatus({ status, hold }: StatusParts, running: Pull): Observable<unknown> {
  const shown = withLastSeen(running.status$).pipe(
    tap(({ own, seen }) => {
      const holding = holdingOf(statusShown(own).state);
      say(status, statusText(own, seen));
      hold.hidden = holding === undefined;
      hold.textContent = holding?.text ?? '';
    }),
  );
  const clicks = fromEvent(hold, 'click').pipe(
    tap(() => {
      const holding = holdingOf(statusShown(running.status()).state);
      if (holding !== undefined) running[holding.action]();
    }),
  );
  return merge(shown, clicks);
}
