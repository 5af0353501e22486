import { openReplica } from '../../src/replica/replica.ts';
import { changes } from './live/changes.ts';
import { documents } from './live/documents.ts';
import { ending } from './live/ending.ts';
import { ranges } from './live/ranges.ts';
import type { CreateStore, LiveCase } from './live-case.ts';
import { type BoundCase, bindCases } from './suite.ts';

/** What live reads of a replica keep, point by point. */
export const liveCases: readonly LiveCase[] = [...documents, ...ranges, ...changes, ...ending];

/** The suite for replicas over a store, ready to be handed to a test runner. */
export function liveSuite(createStore: CreateStore): BoundCase[] {
  return bindCases(liveCases, {
    traits: [],
    async create() {
      const { subject, dispose } = await createStore();
      return { subject: async () => openReplica(await subject(), 'recipes'), dispose };
    },
  });
}
