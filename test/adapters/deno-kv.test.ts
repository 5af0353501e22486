import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Kv as NodeDenoKv, openKv } from '@deno/kv';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { denoKv } from '../../adapters/deno-kv/index.ts';
import { list } from '../../src/kv/list.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { countUp, readCount } from './fs/commits.ts';

async function temporaryFile(): Promise<string> {
  return join(await temporaryDirectory(), 'deno-kv.db');
}

describe('opening a Deno KV', () => {
  test('finds again what was written, by its path and by its url', async () => {
    const file = await temporaryFile();
    const kv = await denoKv(file);
    await countUp(kv);
    await kv.close();
    const again = await denoKv(pathToFileURL(file));
    expect(await countUp(again)).toBe(2);
    await again.close();
  });

  test('says who else can see it', async () => {
    const [file, memory] = [await denoKv(await temporaryFile()), await denoKv(':memory:')];
    expect([file.reach, memory.reach]).toEqual(['machine', 'process']);
    await Promise.all([file.close(), memory.close()]);
    expect((await denoKv(await given())).reach).toBe('cluster');
  });

  test('refuses an empty path', async () => {
    await expect(denoKv('')).rejects.toMatchObject({ name: 'InputError' });
  });

  test('says which path no database can be made at', async () => {
    const path = join(await temporaryDirectory(), 'a', 'b');
    await expect(denoKv(path)).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'missing',
      message: `There is no Deno KV ${JSON.stringify(path)}, and none can be made there: check the path`,
    });
  });

  test('leaves a file of something else alone', async () => {
    const file = await temporaryFile();
    await writeFile(file, 'Dear diary\n'.repeat(1000));
    await expect(denoKv(file)).rejects.toMatchObject({ name: 'StoreError', failure: 'foreign' });
  });

  test('does not show the credentials of a url, nor the stack of native code', async () => {
    const failure = await denoKv('https://user:secret@127.0.0.1:1/kv').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StoreError', failure: 'failed' });
    expect(String(failure)).toContain('https://127.0.0.1:1/kv');
    expect(String(failure)).not.toContain('secret');
    const directory = join(await temporaryDirectory(), 'directory');
    await mkdir(directory);
    await expect(denoKv(directory)).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
  });
});

describe('where there is no Deno KV', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock('@deno/kv');
  });

  test('says what to install', async () => {
    vi.doMock('@deno/kv', () => {
      throw new Error('Cannot find package');
    });
    await expect(denoKv(':memory:')).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'missing',
      message: 'Deno KV needs the package @deno/kv here: install it by "npm install @deno/kv"',
    });
  });

  test('says how to start Deno', async () => {
    vi.stubGlobal('Deno', {});
    await expect(denoKv(':memory:')).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'missing',
      message: expect.stringContaining('--unstable-kv'),
    });
  });
});

describe('a Deno KV that is given', () => {
  test('stays open when the store is closed', async () => {
    const database = await given();
    const kv = await denoKv(database);
    await countUp(kv);
    await kv.close();
    await expect(countUp(kv)).rejects.toMatchObject({ name: 'ClosedError' });
    expect(await readCount(await denoKv(database))).toBe(1);
  });

  test('keeps what else a program has in it', async () => {
    const database = await given();
    for (const key of [['count'], ['couchtid'], ['couchtide2'], [new Uint8Array()], [true]])
      await database.set(key, 'mine');
    const kv = await denoKv(database);
    await countUp(kv);
    const keys: unknown[] = [];
    for await (const { key } of list(kv, { prefix: [] })) keys.push(key);
    expect(keys).toEqual([['count']]);
    await kv.update([], () => ({ delete: [['count']], result: undefined }));
    const left: unknown[] = [];
    for await (const { value } of database.list({ start: [new Uint8Array()], end: [true, 0] })) left.push(value);
    expect(left).toEqual(['mine', 'mine', 'mine', 'mine', 'mine']);
  });

  test.each([
    ['a value that is not bytes', ['couchtide', new Uint8Array([97])], 'text'],
    ['a key of another kind', ['couchtide', 'a'], new Uint8Array()],
    ['a key that is no text', ['couchtide', new Uint8Array([0xff])], new Uint8Array()],
  ])('is refused with %s where its own are', async (_, key, value) => {
    const database = await given();
    await database.set(key, value);
    const kv = await denoKv(database);
    await expect(kv.page({ prefix: [] })).rejects.toMatchObject({ name: 'StoreError', failure: 'foreign' });
  });

  test('raises ClosedError once its owner has closed it', async () => {
    const database = await openKv(':memory:');
    const kv = await denoKv(database);
    await countUp(kv);
    database.close();
    await expect(readCount(kv)).rejects.toMatchObject({ name: 'ClosedError' });
    await expect(countUp(kv)).rejects.toMatchObject({ name: 'ClosedError' });
    await kv.close();
  });
});

async function given(): Promise<NodeDenoKv> {
  const database = await openKv(':memory:');
  onTestFinished(() => database.close());
  return database;
}
