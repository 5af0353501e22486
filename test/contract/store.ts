import { closing } from './store/closing.ts';
import { contention } from './store/contention.ts';
import { durability } from './store/durability.ts';
import { limits } from './store/limits.ts';
import { locking } from './store/locking.ts';
import { order } from './store/order.ts';
import { paging } from './store/pages.ts';
import { ranges } from './store/ranges.ts';
import { updates } from './store/updates.ts';
import { values } from './store/values.ts';
import { watching } from './store/watching.ts';
import type { StoreCandidate, StoreCase } from './store-case.ts';
import { type BoundCase, bindCases } from './suite.ts';

export type { OpenKv, StoreCandidate, StoreCase, StoreTrait } from './store-case.ts';

/** The store contract, point by point. A store is one when it passes all that concern it. */
export const storeCases: readonly StoreCase[] = [
  ...order,
  ...ranges,
  ...paging,
  ...values,
  ...updates,
  ...contention,
  ...limits,
  ...watching,
  ...locking,
  ...closing,
  ...durability,
];

/**
 * The suite as it concerns one store, ready to be handed to a test runner.
 *
 * @example
 * ```ts
 * for (const { name, run } of storeSuite(candidate)) test(name, run);
 * ```
 */
export function storeSuite(candidate: StoreCandidate): BoundCase[] {
  return bindCases(storeCases, candidate);
}
