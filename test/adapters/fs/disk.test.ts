import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { isStoreError } from '../../../src/core/errors.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { startProgram } from '../../support/child-program.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { checkCommits, countUp, writeCommit } from './commits.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const mounts = isRoot && (await mountsHere());
if (!mounts) console.log('left out: stores on a full and on a read-only disk: this user may not mount one');
if (process.platform === 'win32') console.log('left out: stores without permission: this system has no mode bits');

describe.skipIf(!mounts)('a full disk', () => {
  test('refuses commits, keeps all that were confirmed, and takes new ones when there is room', async () => {
    const disk = await mountDisk();
    const ballast = join(disk, 'ballast');
    await fill(ballast, 200);
    const directory = join(disk, 'store');
    const kv = await fsKv(directory);
    const confirmed = await writeUntilRefused(kv);
    expect(confirmed).toBeGreaterThan(0);
    expect(await checkCommits(kv)).toBe(confirmed);
    await expect(writeCommit(kv)).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'full',
      message: expect.stringContaining(JSON.stringify(join(directory, 'couchtide.sqlite'))),
    });
    await rm(ballast);
    expect(await writeCommit(kv)).toBe(confirmed + 1);
    await kv.close();
    const again = await fsKv(directory);
    expect(await checkCommits(again)).toBe(confirmed + 1);
    await again.close();
  });

  test('is no place for a new store, and one for reading', async () => {
    const disk = await mountDisk();
    const directory = join(disk, 'store');
    const kv = await fsKv(directory);
    await writeCommit(kv);
    await kv.close();
    await fill(join(disk, 'ballast'));
    const opened = fsKv(join(disk, 'new'));
    await expect(opened).rejects.toMatchObject({ name: 'StoreError', failure: 'full' });
    const reader = await fsKv(directory, { readOnly: true });
    expect(await checkCommits(reader)).toBe(1);
    await reader.close();
  });
});

describe.skipIf(!mounts)('a disk that is read-only', () => {
  test('is read, and refuses commits', async () => {
    const directory = await mountDisk();
    const kv = await fsKv(directory);
    await writeCommit(kv);
    await kv.close();
    await run('mount', ['-o', 'remount,ro', directory]);
    await expect(fsKv(directory)).rejects.toMatchObject({ name: 'StoreError', failure: 'read-only' });
    await expect(fsKv(join(directory, 'new'))).rejects.toMatchObject({ name: 'StoreError', failure: 'read-only' });
    const reader = await fsKv(directory, { readOnly: true });
    expect(await checkCommits(reader)).toBe(1);
    await expect(countUp(reader)).rejects.toMatchObject({ name: 'StoreError', failure: 'read-only' });
    await reader.close();
  });

  test('is not read any further when it has changed from elsewhere, until it is opened again', async () => {
    const directory = await mountDisk();
    const kv = await fsKv(directory);
    await writeCommit(kv);
    await kv.close();
    const window = await temporaryDirectory();
    await run('mount', ['--bind', directory, window]);
    onTestFinished(async () => {
      await run('umount', ['--lazy', window]);
    });
    await run('mount', ['-o', 'remount,bind,ro', window]);
    const reader = await fsKv(window, { readOnly: true });
    expect(await checkCommits(reader)).toBe(1);
    const writer = await fsKv(directory);
    await writeCommit(writer);
    await expect(checkCommits(reader)).rejects.toMatchObject({ name: 'StoreError', failure: 'failed' });
    await reader.close();
    const again = await fsKv(window, { readOnly: true });
    expect(await checkCommits(again)).toBe(2);
    await writeCommit(writer);
    expect(await checkCommits(again)).toBe(3);
    await again.close();
    await writer.close();
  });

  test('is read with the log of a store that was not closed, and not without the index of that log', async () => {
    // Room for what is written before the writer is stopped, and for the copy.
    const directory = await mountDisk(64);
    const writer = startProgram(new URL('./store-program.ts', import.meta.url), ['commit', directory]);
    while (Number(await writer.line()) < 3);
    writer.kill('SIGKILL');
    await writer.ended;
    const copy = join(directory, 'copy');
    await mkdir(copy);
    for (const name of ['couchtide.sqlite', 'couchtide.sqlite-wal'])
      await copyFile(join(directory, name), join(copy, name));
    expect((await stat(join(copy, 'couchtide.sqlite-wal'))).size).toBeGreaterThan(0);
    await run('mount', ['-o', 'remount,ro', directory]);
    const reader = await fsKv(directory, { readOnly: true });
    expect(await checkCommits(reader)).toBeGreaterThanOrEqual(3);
    await reader.close();
    await expect(fsKv(copy, { readOnly: true })).rejects.toMatchObject({ name: 'StoreError', failure: 'read-only' });
  });
});

describe.skipIf(process.platform === 'win32')('a user without permission', () => {
  test.each([
    ['may not write to the directory', 0o555, 0o644, ['failed denied'], ['read 1', 'failed read-only']],
    ['may not write to the file', 0o777, 0o444, ['failed denied'], ['read 1', 'failed read-only']],
    ['may not read the file', 0o777, 0o200, ['failed denied'], ['failed denied']],
    ['may not enter the directory', 0o600, 0o666, ['failed denied'], ['failed denied']],
    ['may do everything', 0o777, 0o666, ['read 1', 'counted 2'], ['read 2', 'failed read-only']],
  ])('who %s', async (_, directoryMode, fileMode, writing, reading) => {
    const directory = await temporaryDirectory();
    const store = join(directory, 'store');
    const kv = await fsKv(store);
    await countUp(kv);
    await kv.close();
    await chmod(directory, 0o755);
    await chmod(join(store, 'couchtide.sqlite'), fileMode);
    await chmod(store, directoryMode);
    onTestFinished(() => chmod(store, 0o755));
    expect(await tryAsNobody(store)).toEqual(writing);
    expect(await tryAsNobody(store, 'read-only')).toEqual(reading);
  });

  test('may not make a directory', async () => {
    const directory = await temporaryDirectory();
    await chmod(directory, 0o555);
    onTestFinished(() => chmod(directory, 0o755));
    expect(await tryAsNobody(join(directory, 'new'))).toEqual(['failed denied']);
  });

  async function tryAsNobody(directory: string, how = ''): Promise<string[]> {
    const program = startProgram(new URL('./store-program.ts', import.meta.url), ['try', directory, how]);
    const lines: string[] = [];
    for (let line = await program.line(); line !== undefined; line = await program.line()) lines.push(line);
    expect(await program.ended).toEqual({ code: 0, signal: null, stderr: '' });
    return lines;
  }
});

async function mountsHere(): Promise<boolean> {
  // A mount of its own to try: the right to do so is a matter of the system, not only of the user.
  try {
    await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
    return true;
  } catch {
    return false;
  }
}

/** A small disk, gone when the test has finished. */
async function mountDisk(megabytes = 1): Promise<string> {
  const directory = await temporaryDirectory();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=777`, 'tmpfs', directory]);
  onTestFinished(async () => {
    await run('umount', ['--lazy', directory]);
  });
  return directory;
}

/** Writes a file of so many kilobytes, or until the disk is full. */
async function fill(path: string, kilobytes = Number.POSITIVE_INFINITY): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < kilobytes; written += 4) await file.write(new Uint8Array(4096));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

/** The number of the last commit that a disk had room for. */
async function writeUntilRefused(kv: Kv): Promise<number> {
  for (let confirmed = 0; ; ) {
    try {
      confirmed = await writeCommit(kv);
    } catch (error) {
      if (isStoreError(error) && error.failure === 'full') return confirmed;
      throw error;
    }
  }
}
