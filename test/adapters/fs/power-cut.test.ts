import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { startServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import { pull } from '../../../src/pull/pull.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { generations, smallDocuments } from '../../support/documents.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { checkCommits, writeCommit } from './commits.ts';

/** The files of a store as a power cut leaves them after so many bytes of what was written last. */
interface Torn {
  /** Bytes of the log. */
  readonly length: number;
  /** Where one of its pages ends and the next begins. */
  readonly borders: readonly number[];
  /** A directory with the store, its log no longer than so many bytes. */
  at(bytes: number): Promise<string>;
}

/** Copies the files of a store that is open, so that everything in its log is still to be taken over. */
async function tear(directory: string): Promise<Torn> {
  const names = await readdir(directory);
  const logName = names.find((name) => name.endsWith('-wal')) ?? expect.unreachable('The store has no log');
  const kept = await temporaryDirectory();
  for (const name of names) if (!name.endsWith('-shm')) await copyFile(join(directory, name), join(kept, name));
  const log = await readFile(join(kept, logName));
  // A header of 32 bytes, then pages with a header of 24 bytes each (https://www.sqlite.org/fileformat2.html#walformat).
  const page = 24 + log.readUInt32BE(8);
  const borders = Array.from({ length: Math.floor((log.length - 32) / page) + 1 }, (_, n) => 32 + n * page);
  return {
    length: log.length,
    borders,
    async at(bytes) {
      const torn = await temporaryDirectory();
      for (const name of names) {
        if (name.endsWith('-shm')) continue;
        if (name === logName) await writeFile(join(torn, name), log.subarray(0, bytes));
        else await copyFile(join(kept, name), join(torn, name));
      }
      return torn;
    },
  };
}

/** Somewhere in a log, often where a page ends. */
function placesIn({ length, borders }: Torn): fc.Arbitrary<number> {
  const nearBorder = fc
    .tuple(fc.constantFrom(...borders), fc.integer({ min: -1, max: 1 }))
    .map(([border, off]) => Math.min(length, Math.max(0, border + off)));
  return fc.oneof(nearBorder, fc.integer({ min: 0, max: length }));
}

test('A store whose log ends anywhere holds a whole number of commits, more the more there is of the log', async () => {
  const directory = await temporaryDirectory();
  const kv = await fsKv(directory);
  for (let commits = 0; commits < 12; commits += 1) await writeCommit(kv);
  const torn = await tear(directory);
  await kv.close();
  const survived = new Map<number, number>();
  const survives = async (bytes: number): Promise<void> => {
    const again = await fsKv(await torn.at(bytes));
    survived.set(bytes, await checkCommits(again));
    // It is a store like any other.
    await writeCommit(again);
    await again.close();
  };
  await fc.assert(fc.asyncProperty(placesIn(torn), survives), { numRuns: 60 });
  await survives(torn.length);
  const inOrder = [...survived].sort(([a], [b]) => a - b).map(([, commits]) => commits);
  expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
  expect(inOrder.at(-1)).toBe(12);
  expect(new Set(inOrder).size).toBeGreaterThan(6);
});

test('A replica whose log ends anywhere has everything that its checkpoint covers, and the next pull brings the rest', async () => {
  const server = await startServer();
  server.createDatabase('source').load([...smallDocuments(120), ...generations]);
  const source = couch.db(`${server.url}/source`);
  const directory = await temporaryDirectory();
  const kv = await fsKv(directory);
  await pull(source, await openReplica(kv, 'source'), { batchSize: 10 }).done;
  const torn = await tear(directory);
  await kv.close();
  const missing = new Set<number>();
  const survives = async (bytes: number): Promise<void> => {
    const again = await fsKv(await torn.at(bytes));
    const replica = await openReplica(again, 'source');
    const { docsRead, docsWritten, docsFailed } = await pull(source, replica, { batchSize: 10 }).done;
    // Nothing comes twice: the checkpoint is where the documents are.
    expect([docsRead, docsFailed]).toEqual([docsWritten, 0]);
    missing.add(docsWritten);
    for await (const event of replica.verify({ source }))
      if (event.type === 'problem') expect.unreachable(event.message);
    await again.close();
  };
  await fc.assert(fc.asyncProperty(placesIn(torn), survives), { numRuns: 40 });
  expect(missing.size).toBeGreaterThan(5);
  await server.close();
});
