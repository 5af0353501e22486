/**
 * Works on pulls in the store of a directory until it is ended: `<directory>`. What happens is written to stdout, a line each.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import { pullJob } from '../../src/pull/pull-job.ts';
import { openReplica } from '../../src/replica/replica.ts';

const kv = await fsKv(process.argv[2] ?? '');
const handler = pullJob({ open: (name) => openReplica(kv, name) });
for await (const { type, id } of work(createQueue(kv), 'pull', handler)) console.log(`${type} ${id}`);
