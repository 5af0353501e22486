import { createQueue } from '../../src/jobs/queue.ts';
import { accepting } from './jobs/accepting.ts';
import { adding } from './jobs/adding.ts';
import { following } from './jobs/following.ts';
import { holding } from './jobs/holding.ts';
import { working } from './jobs/working.ts';
import type { JobsCase } from './jobs-case.ts';
import type { CreateStore } from './live-case.ts';
import { type BoundCase, bindCases } from './suite.ts';

/** What jobs keep on every store, point by point. */
export const jobsCases: readonly JobsCase[] = [...adding, ...accepting, ...holding, ...working, ...following];

/** The suite for the jobs of a store, ready to be handed to a test runner. */
export function jobsSuite(createStore: CreateStore): BoundCase[] {
  return bindCases(jobsCases, {
    traits: [],
    async create() {
      const { subject, dispose } = await createStore();
      return { subject: async () => createQueue(await subject()), dispose };
    },
  });
}
