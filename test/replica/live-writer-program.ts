/**
 * Writes into the replica `recipes` of a directory, for tests that watch it from another process: a document of the id of each
 * line on stdin.
 *
 * @module
 */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fsKv } from '../../adapters/fs/index.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { revision } from '../support/revision.ts';

const [directory = ''] = process.argv.slice(2);
const replica = await openReplica(await fsKv(directory), 'recipes');
console.log('ready');
for await (const id of createInterface({ input: process.stdin })) {
  await replica.writeBatch({ revisions: [revision(id, 'a', { by: 'another process' })] });
}
