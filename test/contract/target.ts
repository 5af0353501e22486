import { equal } from './assert.ts';
import { type BoundCase, bindCases } from './suite.ts';
import { bodies } from './target/bodies.ts';
import { checkpoints } from './target/checkpoints.ts';
import { closing } from './target/closing.ts';
import { comparing } from './target/comparing.ts';
import { content } from './target/content.ts';
import { failing } from './target/failing.ts';
import { merging } from './target/merging.ts';
import { opening } from './target/opening.ts';
import { rejecting } from './target/rejecting.ts';
import { replacing } from './target/replacing.ts';
import { writers } from './target/writers.ts';
import type { TargetCandidate, TargetCase } from './target-case.ts';

export type { Failure, TargetCandidate, TargetCase, TargetSubject, TargetTrait } from './target-case.ts';

/** The target contract, point by point. */
export const targetCases: readonly TargetCase[] = [
  ...opening,
  ...comparing,
  ...merging,
  ...replacing,
  ...bodies,
  ...rejecting,
  ...failing,
  ...checkpoints,
  ...content,
  ...writers,
  ...closing,
];

/**
 * The suite as it concerns one target, ready to be handed to a test runner.
 *
 * @example
 * ```ts
 * for (const { name, run } of targetSuite(candidate)) test(name, run);
 * ```
 */
export function targetSuite(candidate: TargetCandidate): BoundCase[] {
  return bindCases([partsOf(candidate), ...targetCases], candidate);
}

/** That no trait was forgotten, and with it a part of the suite. */
function partsOf({ traits }: TargetCandidate): TargetCase {
  return {
    name: 'has the optional parts that it is said to have, and no others',
    async run({ open, content, fail }) {
      const target = await open();
      const { atomic = false } = await target.open();
      const parts: readonly (readonly [part: string, has: boolean, trait: boolean])[] = [
        ['readCheckpoint', target.readCheckpoint !== undefined, traits.includes('checkpoints')],
        ['writeCheckpoint', target.writeCheckpoint !== undefined, traits.includes('checkpoints')],
        ['atomic', atomic, traits.includes('atomic')],
        ['failed', target.failed !== undefined, traits.includes('failures')],
        ['hasContent', target.hasContent !== undefined, traits.includes('content')],
        ['openContent', target.openContent !== undefined, traits.includes('content')],
        ['content to look at', content !== undefined, traits.includes('content')],
        ['a way to make it fail', fail !== undefined, traits.includes('breakable')],
      ];
      for (const [part, has, said] of parts) equal(has, said, `Whether there is ${part}`);
    },
  };
}
