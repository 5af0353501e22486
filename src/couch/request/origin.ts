import type { Platform } from '../../core/platform.ts';
import { Budget } from '../budget/budget.ts';
import type { Crowd } from '../budget/crowd.ts';
import type { Connection } from './connection.ts';

/** What everybody shares who asks the same origin through the same `fetch`. */
export interface Origin {
  readonly budget: Budget;
  /** Its live feeds, where it has had any. */
  crowd: Crowd | undefined;
  /** To be called when the last of them has left. */
  readonly release: () => void;
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
  const release = (): void => {
    if (isForgettable(origin, platform)) known.delete(name);
  };
  const budget = new Budget(() => {
    origin.crowd?.review();
    release();
  });
  const origin: Origin = { budget, crowd: undefined, release };
  return origin;
}

/** Lets go of origins that were only kept for a pause which is over. */
function forget(known: Map<string, Origin>, platform: Platform): void {
  for (const [name, origin] of known) if (isForgettable(origin, platform)) known.delete(name);
}

function isForgettable({ budget, crowd }: Origin, { elapsed }: Platform): boolean {
  return crowd?.isEmpty !== false && budget.isIdle && budget.pause(elapsed()) === 0;
}
