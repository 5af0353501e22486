import { stat } from 'node:fs/promises';
import { InputError } from '../../../src/core/errors.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { type FsKvOptions, fsKv } from '../../fs/index.ts';

/**
 * Does something with a store that is there already, and closes it.
 *
 * @param maker the command that makes one
 * @throws InputError where there is none
 */
export async function withKnownStore<R>(
  directory: string,
  maker: string,
  options: FsKvOptions,
  use: (kv: Kv) => Promise<R>,
): Promise<R> {
  if ((await stat(directory).catch(() => undefined)) === undefined) {
    throw new InputError(`There is no store at ${JSON.stringify(directory)}; ${maker} makes one`);
  }
  const kv = await fsKv(directory, options);
  try {
    return await use(kv);
  } finally {
    await kv.close();
  }
}
