import { equal } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { leaves, missing, revision, write } from './actions.ts';

/** How leaves go that the source has no more. */
export const replacing: readonly TargetCase[] = [
  {
    name: 'forgets the leaves that a document is said to have no more, unless none would be left',
    needs: 'replaces',
    async run(subject) {
      const target = await subject.open();
      await write(target, 'a', '2-b a', '2-c a', '3-d c a');
      await write(target, 'b', '1-x');
      await target.writeBatch({ revisions: [], replace: [{ id: 'a', revs: ['9-z'] }] });
      equal(await leaves(subject, 'a'), ['2-b', '3-d'], 'The leaves when none would be left');
      const revisions = [revision('a', '3-e b a')];
      await target.writeBatch({ revisions, replace: [{ id: 'a', revs: ['3-e', '8-y'] }] });
      equal(await leaves(subject, 'a'), ['3-e']);
      equal(await missing(target, 'a', '3-d', '1-a'), ['3-d']);
      equal(await leaves(subject, 'b'), ['1-x'], 'The leaves of another document');
    },
  },
];
