import { InputError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';

/** How a pull is done. */
export interface PullOptions {
  /** `oneshot`, the default: until the replica has what the source had, then the end. */
  readonly mode?: 'oneshot';
  /** Under which name the pull keeps its checkpoint. By default made of the source and of what is selected of it. */
  readonly id?: string;
  /** How many rows of the changes feed make a batch, which is stored in one commit. Default 500. */
  readonly batchSize?: number;
  /** Stops the pull when it aborts: what is stored stays, and the next pull goes on from there. */
  readonly signal?: AbortSignal;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** The options with every default in its place. */
export interface PullSettings {
  readonly id: string | undefined;
  readonly batchSize: number;
  /** Text of documents, in UTF-16 units, that closes a batch early. */
  readonly batchLength: number;
  /** Batches that are fetched or wait to be stored at the same time. */
  readonly ahead: number;
}

/**
 * @throws InputError for what no pull can be made of
 */
export function settingsOf(options: PullOptions): PullSettings {
  const { mode = 'oneshot', id, batchSize = 500 } = options;
  if (mode !== 'oneshot') throw new InputError(`Option mode must be 'oneshot', not ${JSON.stringify(mode)}`);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > 10_000) {
    throw new InputError(`Option batchSize must be a whole number from 1 to 10000, not ${String(batchSize)}`);
  }
  if (id === '') throw new InputError('Option id must not be empty');
  return { id, batchSize, batchLength: 2 * 1024 * 1024, ahead: 4 };
}
