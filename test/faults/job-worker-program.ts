/**
 * A worker of jobs in a process of its own, to be killed and stopped at any moment: `node job-worker-program.ts <directory> <type>`.
 * Prints what becomes of the jobs.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import { traced } from './job-trace.ts';

const [directory = '', type = ''] = process.argv.slice(2);
const queue = createQueue(await fsKv(directory));
for await (const { type: event } of work(queue, type, traced(200), { concurrency: 2 })) console.log(event);
