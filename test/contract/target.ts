import { type BoundCase, bindCases } from './suite.ts';
import { bodies } from './target/bodies.ts';
import { checkpoints } from './target/checkpoints.ts';
import { comparing } from './target/comparing.ts';
import { failing } from './target/failing.ts';
import { merging } from './target/merging.ts';
import { opening } from './target/opening.ts';
import { rejecting } from './target/rejecting.ts';
import { writers } from './target/writers.ts';
import type { TargetCandidate, TargetCase } from './target-case.ts';

export type { Failure, TargetCandidate, TargetCase, TargetSubject, TargetTrait } from './target-case.ts';

/** The target contract, point by point. */
export const targetCases: readonly TargetCase[] = [
  ...opening,
  ...comparing,
  ...merging,
  ...bodies,
  ...rejecting,
  ...failing,
  ...checkpoints,
  ...writers,
];

/** The suite as it concerns one target, ready to be handed to a test runner. */
export function targetSuite(candidate: TargetCandidate): BoundCase[] {
  return bindCases(targetCases, candidate);
}
