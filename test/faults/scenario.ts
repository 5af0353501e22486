import type { PullOptions } from '../../src/pull/options.ts';
import type { Chance } from './chance.ts';
import type { ChaosOptions } from './chaos-proxy.ts';

/** What one run is about. */
export interface Scenario {
  /** How many documents there are at the beginning. */
  readonly documents: number;
  readonly options: Pick<PullOptions, 'mode' | 'batchSize' | 'history' | 'skipTombstones' | 'interval'>;
  readonly store: 'memory' | 'fs';
  /** Whether checkpoints are kept in a store of their own. */
  readonly keepsApart: boolean;
  /** Whether the source is asked with a session, and not with name and password. */
  readonly hasSession: boolean;
  /** How often a pull is begun while things go wrong. */
  readonly pulls: number;
  readonly chaos: Omit<ChaosOptions, 'seed' | 'now'>;
}

/** Chooses a run. */
export function scenarioOf(chance: Chance): Scenario {
  const isContinuous = chance.next() < 0.45;
  const isMirror = chance.next() < 0.15;
  const hasSession = chance.next() < 0.2;
  const lacksBulkGet = chance.next() < 0.08;
  const batchSize = chance.oneOf([1, 3, 10, 30, 100, 500]);
  return {
    // No more than some dozen batches: they cost a request each.
    documents: chance.between(10, lacksBulkGet ? 40 : Math.min(150, 25 * batchSize)),
    options: {
      mode: isContinuous ? 'continuous' : 'oneshot',
      batchSize,
      history: isMirror ? 'leaves' : 'full',
      skipTombstones: chance.next() < 0.15,
      ...(isContinuous && chance.next() < 0.2 ? { interval: chance.oneOf([50, 5000]) } : {}),
    },
    store: chance.next() < 0.12 ? 'fs' : 'memory',
    keepsApart: chance.next() < 0.1,
    hasSession,
    pulls: isContinuous ? chance.between(1, 3) : chance.between(2, 6),
    chaos: {
      rate: chance.oneOf([0.3, 0.5, 0.7, 0.9]),
      most: chance.between(10, 60),
      sessionsEnd: hasSession,
      // A mirror is what rows say it is: what is told again must not be older than what has been told since.
      remembers: !isMirror,
      lacksBulkGet,
    },
  };
}
