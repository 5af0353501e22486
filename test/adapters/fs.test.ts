import { mkdir, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { checkCommits, countUp, readCount, writeCommit } from './fs/commits.ts';

const FILE = 'couchtide.sqlite';
const ACCESS = [
  ['to write', {}],
  ['to read', { readOnly: true }],
] as const;

describe('opening a store in a directory', () => {
  test('makes the directory with its parents, and finds again what was written', async () => {
    const directory = join(await temporaryDirectory(), 'a', 'b c?', 'ü#%20');
    const kv = await fsKv(directory);
    await countUp(kv);
    await kv.close();
    expect(await readdir(directory)).toEqual([FILE]);
    const again = await fsKv(directory);
    expect(await countUp(again)).toBe(2);
    await again.close();
  });

  test('stays where it was opened when the process goes elsewhere', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(relative(process.cwd(), directory));
    await countUp(kv);
    await kv.close();
    expect(await readdir(directory)).toEqual([FILE]);
  });

  test('takes an empty file for a store that is yet to be made', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, FILE), '');
    await expect(fsKv(directory, { readOnly: true })).rejects.toMatchObject({ failure: 'missing' });
    const kv = await fsKv(directory);
    expect(await countUp(kv)).toBe(1);
    await kv.close();
  });

  test('refuses an empty path', async () => {
    await expect(fsKv('')).rejects.toMatchObject({ name: 'InputError' });
  });

  test('refuses to read what is missing, and makes nothing', async () => {
    const directory = await temporaryDirectory();
    for (const missing of [directory, join(directory, 'a', 'b')]) {
      const opened = fsKv(missing, { readOnly: true });
      await expect(opened).rejects.toMatchObject({
        name: 'StoreError',
        failure: 'missing',
        message: expect.stringContaining(JSON.stringify(missing)),
      });
    }
    expect(await readdir(directory)).toEqual([]);
  });

  test.each(ACCESS)('refuses a file in place of the directory, or of one above it (%s)', async (_, options) => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, 'mine');
    await expect(fsKv(file, options)).rejects.toMatchObject({ name: 'StoreError', failure: 'foreign' });
    await expect(fsKv(join(file, 'below'), options)).rejects.toMatchObject({ name: 'StoreError', failure: 'foreign' });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  test.each(ACCESS)('refuses a directory in place of the file (%s)', async (_, options) => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, FILE));
    await expect(fsKv(directory, options)).rejects.toMatchObject({ name: 'StoreError', failure: 'foreign' });
  });
});

describe('a file that is no store', () => {
  const foreign: readonly (readonly [name: string, make: (path: string) => Promise<void> | void])[] = [
    ['a text', (path) => writeFile(path, 'Dear diary\n')],
    ['zeros', (path) => writeFile(path, new Uint8Array(8192))],
    ['SQLite of another program', (path) => makeSqlite(path, '')],
    ['SQLite of another program, with a log', (path) => makeSqlite(path, 'PRAGMA journal_mode = WAL')],
    ['SQLite with the mark of another program', (path) => makeSqlite(path, 'PRAGMA application_id = 1')],
    ['the beginning of SQLite', (path) => writeFile(path, 'SQLite format 3\0')],
  ];

  test.each(foreign.flatMap(([name, make]) => ACCESS.map(([how, options]) => [name, how, make, options] as const)))(
    '%s is left alone (%s)',
    async (_name, _how, make, options) => {
      const directory = await temporaryDirectory();
      const path = join(directory, FILE);
      await make(path);
      const bytes = await readFile(path);
      await expect(fsKv(directory, options)).rejects.toMatchObject({
        name: 'StoreError',
        failure: 'foreign',
        message: expect.stringContaining(JSON.stringify(path)),
      });
      expect(await readFile(path)).toEqual(bytes);
      expect(await readdir(directory)).toEqual([FILE]);
    },
  );

  test.each(ACCESS)('a store of a newer couchtide is left alone (%s)', async (_, options) => {
    const directory = await temporaryDirectory();
    await (await fsKv(directory)).close();
    const path = join(directory, FILE);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 1000');
    database.close();
    const bytes = await readFile(path);
    await expect(fsKv(directory, options)).rejects.toMatchObject({ name: 'StoreError', failure: 'newer' });
    expect(await readFile(path)).toEqual(bytes);
  });

  function makeSqlite(path: string, pragma: string): void {
    const database = new DatabaseSync(path);
    database.exec(pragma);
    database.exec('CREATE TABLE entries (mine TEXT)');
    database.close();
  }
});

describe('a damaged store', () => {
  test('says so when what is damaged is read, whichever page it is', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    for (let commit = 0; commit < 5; commit += 1) await writeCommit(kv);
    await kv.close();
    const path = join(directory, FILE);
    const { size } = await stat(path);
    const pageSize = (await readFile(path)).readUInt16BE(16);
    expect(size).toBeGreaterThan(4 * pageSize);
    const sound = await readFile(path);
    let damaged = 0;
    // The first page begins with what makes the file a store.
    for (let at = pageSize; at < size; at += pageSize) {
      await writeFile(path, sound);
      const file = await open(path, 'r+');
      await file.write(new Uint8Array(pageSize).fill(0xa5), 0, pageSize, at);
      await file.close();
      const failure = await readEverything(directory).catch((error: unknown) => error);
      if (failure === undefined) continue;
      expect(failure).toMatchObject({
        name: 'StoreError',
        failure: 'corrupt',
        message: expect.stringContaining(JSON.stringify(path)),
      });
      damaged += 1;
    }
    // Pages that hold nothing but the inside of a value can be read: which bytes belong there is for their reader to know.
    expect(damaged).toBeGreaterThanOrEqual(2);
  });

  test('says so when its end is cut off', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    for (let commit = 0; commit < 5; commit += 1) await writeCommit(kv);
    await kv.close();
    const path = join(directory, FILE);
    await truncate(path, Math.floor((await stat(path)).size / 2));
    await expect(readEverything(directory)).rejects.toMatchObject({ name: 'StoreError', failure: 'corrupt' });
  });

  async function readEverything(directory: string): Promise<void> {
    const kv = await fsKv(directory);
    try {
      await readCount(kv);
      for await (const { key } of list(kv, { prefix: [] })) await kv.read([key]);
    } finally {
      await kv.close();
    }
  }
});

describe('a store that is open', () => {
  test('is read by others that may only read, who see what is committed meanwhile', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    await countUp(kv);
    const reader = await fsKv(directory, { readOnly: true });
    expect(await readCount(reader)).toBe(1);
    await countUp(kv);
    expect(await readCount(reader)).toBe(2);
    await expect(countUp(reader)).rejects.toMatchObject({ name: 'StoreError', failure: 'read-only' });
    await kv.close();
    expect(await readCount(reader)).toBe(2);
    await reader.close();
    expect(await countUp(await openAgain(directory))).toBe(3);
  });

  test('loses no count of many handles at once, in either durability', async () => {
    const directory = await temporaryDirectory();
    const handles = await Promise.all(Array.from({ length: 5 }, () => fsKv(directory)));
    await Promise.all(handles.flatMap((kv) => Array.from({ length: 40 }, () => countUp(kv))));
    const [first] = handles;
    expect(first && (await readCount(first))).toBe(200);
    await Promise.all(handles.map((kv) => kv.close()));
  });

  test('is whole after many commits of every kind', async () => {
    const kv = await fsKv(await temporaryDirectory());
    for (let number = 1; number <= 20; number += 1) expect(await writeCommit(kv)).toBe(number);
    expect(await checkCommits(kv)).toBe(20);
    await kv.close();
  });

  test('refuses what still waits for another writer when it is closed', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    const other = new DatabaseSync(join(directory, FILE));
    other.exec('BEGIN IMMEDIATE');
    const waiting = countUp(kv);
    await kv.close();
    await expect(waiting).rejects.toMatchObject({ name: 'ClosedError' });
    other.exec('ROLLBACK');
    other.close();
    expect(await readCount(await openAgain(directory))).toBe(0);
  });

  test('gives up waiting for another writer when told so', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    const other = new DatabaseSync(join(directory, FILE));
    other.exec('BEGIN IMMEDIATE');
    const controller = new AbortController();
    const waiting = kv.update([], () => ({ set: [[['count'], Uint8Array.of(1)]], result: 1 }), {
      signal: controller.signal,
    });
    controller.abort(new Error('Enough'));
    await expect(waiting).rejects.toThrow('Enough');
    other.close();
    expect(await kv.read([['count']])).toEqual([undefined]);
    await kv.close();
  });

  async function openAgain(directory: string): Promise<Kv> {
    const kv = await fsKv(directory, {});
    onTestFinished(() => kv.close());
    return kv;
  }
});
