import { access, constants, mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asStoreError, storeError } from './failure.ts';

/** Where a store is, or is to be. */
export interface Place {
  /** The SQLite file. */
  readonly path: string;
  /** Whether there is nothing yet: no file, or an empty one. */
  readonly isNew: boolean;
}

/**
 * The place in a directory for its store, which is made when there is none.
 *
 * Nothing here opens the file: when any descriptor of a file is closed, POSIX takes all locks on it from the process, also
 * those of a connection that is in use (https://www.sqlite.org/howtocorrupt.html, 2.2).
 *
 * @throws StoreError `denied`, `read-only`, `full`, or `foreign` where something else stands in the way
 */
export async function makePlace(directory: string): Promise<Place> {
  const whole = resolve(directory);
  try {
    await makeDirectory(whole);
    // SQLite must be able to make files beside its own, and would not say why it cannot.
    await rmdir(await mkdtemp(join(whole, '.couchtide-')));
    const place = await lookInto(whole);
    // SQLite would open such a file for reading, and fail at the first commit.
    if (!place.isNew) await access(place.path, constants.W_OK);
    return place;
  } catch (error) {
    throw asStoreError(error, whole);
  }
}

/**
 * The place of a store that is there.
 *
 * @throws StoreError `missing`, `denied`, or `foreign` where something else stands there
 */
export async function findPlace(directory: string): Promise<Place> {
  const whole = resolve(directory);
  try {
    if (!(await stat(whole)).isDirectory()) throw storeError('foreign', whole);
    const place = await lookInto(whole);
    if (place.isNew) throw storeError('missing', whole);
    await access(place.path, constants.R_OK);
    return place;
  } catch (error) {
    throw asStoreError(error, whole);
  }
}

async function lookInto(directory: string): Promise<Place> {
  const path = join(directory, 'couchtide.sqlite');
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found !== undefined && !found.isFile()) throw storeError('foreign', path);
  return { path, isNew: found === undefined || found.size === 0 };
}

/** Makes a directory and its parents. The `recursive` of Node.js takes a read-only disk for a missing one. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const parent = dirname(directory);
    if (codeOf(error) === 'ENOENT' && parent !== directory) {
      await makeDirectory(parent);
      await makeDirectory(directory);
    } else if (codeOf(error) !== 'EEXIST' || !(await stat(directory)).isDirectory()) {
      throw error;
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
