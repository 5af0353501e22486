import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import type { Platform } from '../../src/core/platform.ts';
import type { DataSource } from '../../src/registry/data/contribution.ts';
import type { EntryKey } from '../../src/registry/data/entry.ts';
import { type EntryList, parseEntries } from '../../src/registry/sources/entry-list.ts';
import { poll } from '../../src/registry/sources/poll.ts';

/** Options of {@link fromFile}. */
export interface FromFileOptions<K extends EntryKey, V> {
  /** Makes entries of the text. Default: a JSON object of entries, or a list of `[key, value]`. */
  readonly parse?: (text: string) => EntryList<K, V>;
  /** Milliseconds from one look at the file to the next. By default it is read once, and again when the registry is told to reload. */
  readonly every?: number;
  /** The longest file that is read, in bytes. Default 16 MiB. */
  readonly maxBytes?: number;
  /** A clock of another kind, for tests. */
  readonly platform?: Pick<Platform, 'sleep'>;
}

/** Looking at a file again and again does not keep a process from ending. */
const idle: Pick<Platform, 'sleep'> = { sleep: (ms, signal) => setTimeout(ms, undefined, { ref: false, signal }) };

/**
 * Data for a registry from a file, read again while somebody listens. What counts is what the file says: a file that was only
 * touched, or has other spaces or comments, is no change. While it is missing, or cannot be understood, what it said last holds.
 *
 * @param file a path, or such as `new URL('rules.json', import.meta.url)`
 *
 * @example
 * ```ts
 * const rules = defineData<string, string>('kitchen/rules');
 * const registry = createRegistry();
 * registry.contribute(rules, fromFile(new URL('rules.json', import.meta.url), { every: 1000 }));
 * ```
 */
export function fromFile<K extends EntryKey, V>(
  file: string | URL,
  { parse = parseEntries, every, maxBytes = 16 * 1024 * 1024, platform = idle }: FromFileOptions<K, V> = {},
): DataSource<K, V> {
  const path = typeof file === 'string' ? file : fileURLToPath(file);
  const read = async (): Promise<EntryList<K, V>> => {
    const text = await readText(path, maxBytes);
    try {
      return parse(text);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new InputError(`The file ${JSON.stringify(path)} cannot be understood: ${said}`, { cause });
    }
  };
  return poll(read, every, { platform });
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new InputError(
        `The file ${JSON.stringify(path)} has ${size} bytes, at most ${maxBytes} are read: see maxBytes`,
      );
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
