import type { Platform } from '../../core/platform.ts';
import { Budget } from '../budget/budget.ts';
import { Crowd } from '../budget/crowd.ts';
import type { Connection } from './connection.ts';

/** What everybody shares who asks the same origin through the same `fetch`. */
export interface Origin {
  readonly budget: Budget;
  readonly crowd: Crowd;
}

/** Only origins that somebody uses, or that have asked for a pause. */
const origins = new WeakMap<Platform['fetch'], Map<string, Origin>>();

/** The origin of a connection. Asked for anew each time it is needed, as it is forgotten while nobody uses it. */
export function originOf({ platform, origin: name, connections }: Connection): Origin {
  let known = origins.get(platform.fetch);
  if (known === undefined) {
    known = new Map();
    origins.set(platform.fetch, known);
  }
  let origin = known.get(name);
  if (origin === undefined) {
    forget(known, platform);
    origin = create(known, name, platform);
    known.set(name, origin);
  }
  origin.budget.restrict(connections);
  return origin;
}

function create(known: Map<string, Origin>, name: string, platform: Platform): Origin {
  const mayForget = (): void => {
    if (isForgettable(origin, platform)) known.delete(name);
  };
  const budget = new Budget(() => {
    crowd.review();
    mayForget();
  });
  const crowd = new Crowd(budget, mayForget);
  const origin = { budget, crowd };
  return origin;
}

/** Lets go of origins that were only kept for a pause which is over. */
function forget(known: Map<string, Origin>, platform: Platform): void {
  for (const [name, origin] of known) if (isForgettable(origin, platform)) known.delete(name);
}

function isForgettable({ budget, crowd }: Origin, { elapsed }: Platform): boolean {
  return crowd.isEmpty && budget.isIdle && budget.pause(elapsed()) === 0;
}
