import { distinctUntilChanged, filter, firstValueFrom, map, startWith, switchMap } from 'rxjs';
import type { Pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import type { Replica } from '../../src/replica/replica.ts';

/** Waits until a pull has brought a document, in this revision where one is given. */
export async function arrival(pull: Pull, replica: Replica, id: string, rev?: string): Promise<void> {
  const look$ = pull.events$.pipe(
    filter(({ type }) => type === 'batch'),
    startWith(undefined),
    switchMap(() => replica.get(id, rev === undefined ? {} : { rev })),
  );
  await firstValueFrom(look$.pipe(filter((doc) => doc !== undefined)));
}

/** Waits until a pull is in a state. */
export async function reaches(pull: Pull, state: PullState): Promise<void> {
  await firstValueFrom(pull.status$.pipe(filter((status) => status.state === state)));
}

/**
 * The states that a pull goes through from now on. Left out are those of a moment: catching up, as often as there is
 * something, and the first try after an answer that was cut.
 */
export function statesOf(pull: Pull): readonly PullState[] {
  const states: PullState[] = [];
  const states$ = pull.status$.pipe(
    map(({ state }) => state),
    filter((state) => state !== 'catching-up' && state !== 'backing-off'),
    distinctUntilChanged(),
  );
  states$.subscribe((state) => states.push(state));
  return states;
}
