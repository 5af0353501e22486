import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../../../src/core/errors.ts';
import { createQueue, type Queue } from '../../../src/jobs/queue.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { fsKv } from '../../fs/index.ts';

/** A queue and the store that it stands in. */
export interface OpenQueue {
  readonly queue: Queue;
  readonly kv: Kv;
}

/**
 * Does something with the queue of a store, and closes it.
 *
 * @param isNew whether the store may be made
 * @throws InputError when there is none
 */
export async function withQueue<R>(
  directory: string,
  isNew: boolean,
  use: (open: OpenQueue) => Promise<R>,
): Promise<R> {
  if (!isNew && (await stat(directory).catch(() => undefined)) === undefined) {
    throw new InputError(`There is no store at ${JSON.stringify(directory)}; jobs add makes one`);
  }
  const kv = await fsKv(resolve(directory));
  try {
    return await use({ queue: createQueue(kv), kv });
  } finally {
    await kv.close();
  }
}
