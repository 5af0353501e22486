/**
 * A worker of jobs that does nothing with them, in a process of its own: `node job-program.ts <directory> <type>`. Says that it is there,
 * and works until it is killed.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';

const [directory = '', type = ''] = process.argv.slice(2);
const queue = createQueue(await fsKv(directory));
work(queue, type, async () => {}).subscribe();
console.log('working');
