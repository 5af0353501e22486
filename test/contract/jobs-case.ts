import type { Queue } from '../../src/jobs/queue.ts';
import type { ContractCase } from './suite.ts';

/** A queue, empty at first. Opens a handle of its own each time, where the store can be open several times. */
export type OpenQueue = () => Promise<Queue>;

/** One point of what jobs keep on every store. */
export type JobsCase = ContractCase<OpenQueue, never>;
