import { access, constants, mkdir, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asStoreError, storeError } from './failure.ts';

/** `ctid`, in the header of every file that couchtide writes (https://www.sqlite.org/fileformat.html#application_id). */
export const APPLICATION_ID = 0x63746964;

/** The newest format of the tables that this code knows, counted in the header as `user_version`. */
export const FORMAT = 1;

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/**
 * The path of the file in which a directory holds its store, after making sure that it is one, or that it can become
 * one. SQLite itself does not see the file before: it would write to a foreign one.
 *
 * @throws StoreError for whatever else is there
 */
export async function findPlace(directory: string, readOnly: boolean): Promise<string> {
  const whole = resolve(directory);
  try {
    if (!readOnly) await mkdir(whole, { recursive: true });
    else if (!(await stat(whole)).isDirectory()) throw storeError('foreign', whole);
  } catch (error) {
    throw asStoreError(error, directory);
  }
  const path = join(whole, 'couchtide.sqlite');
  try {
    const isNew = await checkHeader(path);
    if (readOnly && isNew) throw storeError('missing', directory);
    if (!readOnly) {
      await access(whole, constants.W_OK);
      // SQLite would open a file that cannot be written to for reading, and fail at the first commit.
      if (!isNew) await access(path, constants.W_OK);
    }
  } catch (error) {
    throw asStoreError(error, path);
  }
  return path;
}

/** Whether there is nothing yet: no file, or an empty one. */
async function checkHeader(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return true;
  if (!found.isFile()) throw storeError('foreign', path);
  const header = new Uint8Array(HEADER_BYTES);
  const file = await open(path, 'r');
  try {
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead === 0) return true;
  } finally {
    await file.close();
  }
  const view = new DataView(header.buffer);
  const isSqlite = new TextDecoder('latin1').decode(header.subarray(0, MAGIC.length)) === MAGIC;
  if (!isSqlite || view.getUint32(68) !== APPLICATION_ID) throw storeError('foreign', path);
  if (view.getUint32(60) > FORMAT) throw storeError('newer', path);
  return false;
}
