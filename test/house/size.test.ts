import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startServer } from '../../demo/server/index.ts';
import { smallDocuments } from '../support/documents.ts';
import { nextLine, startProcess } from '../support/process.ts';
import { createDatabase } from '../support/source-database.ts';
import { bundlePage, weigh } from './weigh.ts';

const directory = await mkdtemp(join(tmpdir(), 'couchtide-size-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

const PULLING = `
  export { couch, openReplica, pull } from 'couchtide';
  export { indexedDbKv } from 'couchtide/indexeddb';
`;
const READING = `export { couch } from 'couchtide';`;

/** More than a batch, so that there is something to be kept in order. */
const DOCUMENTS = 1500;

/**
 * In bytes, compressed by gzip: what was measured and some three in a hundred. Whoever raises one says in the commit what that buys.
 * RxJS is about 3.5 kB of each. A page is to begin with 25,000 bytes one day.
 */
const LIMITS = {
  pulling: { first: 55_200, firstPull: 61_000, all: 97_800 },
  reading: { first: 32_300 },
};

test('a page that pulls begins with little, and is not large in all', async () => {
  const { first, all } = await bundlePage(PULLING, join(directory, 'pulling'));
  expect(await weigh(first)).toBeLessThanOrEqual(LIMITS.pulling.first);
  expect(await weigh(all)).toBeLessThanOrEqual(LIMITS.pulling.all);
});

test('a page that only reads a server begins with less', async () => {
  const { first } = await bundlePage(READING, join(directory, 'reading'));
  expect(await weigh(first)).toBeLessThanOrEqual(LIMITS.reading.first);
});

test('a first pull of plain documents loads nothing but the upkeep of pages beside what its page begins with', async () => {
  const { entry, first } = await bundlePage(PULLING, join(directory, 'first-pull'));
  const server = await startServer();
  try {
    const source = await createDatabase(server.url);
    await source.replicate(smallDocuments(DOCUMENTS));
    const pulling = startProcess(new URL('./first-pull-program.ts', import.meta.url), [entry, source.url]);
    const { documents, loaded } = JSON.parse(await nextLine(pulling));
    await pulling.ended;
    expect(documents).toBe(DOCUMENTS);
    const files: string[] = loaded.filter((path: string) => path.startsWith(directory));
    const names = files.filter((path) => !first.includes(path)).map((path) => basename(path).split('-')[0]);
    expect(names.filter((name) => name !== 'chunk')).toEqual(['upkeep']);
    expect(await weigh(files)).toBeLessThanOrEqual(LIMITS.pulling.firstPull);
  } finally {
    await server.close();
  }
});
