import { fileURLToPath } from 'node:url';
import { InputError, StoreError } from '../../src/core/errors.ts';
import type { Kv } from '../../src/kv/kv.ts';
import type { Opened } from './connection.ts';
import type { DenoKvDatabase } from './database.ts';
import { asStoreError, hideCredentials } from './failure.ts';

/** What opens a database. */
type OpenKv = (place: string) => Promise<DenoKvDatabase>;

/** `Deno`, as far as it concerns databases; without the permission to use what is unstable it has neither. */
interface DenoGlobal {
  readonly openKv?: OpenKv;
  readonly Kv?: new () => DenoKvDatabase;
}

/**
 * Opens a database by what this runtime has.
 *
 * @throws StoreError `missing` where the runtime has no Deno KV, or none can be made at that place, and others as of the store
 */
export async function openDatabase(place: string | URL): Promise<Opened> {
  const location = locationOf(place);
  if (location === '') throw new InputError('The path of the Deno KV is empty: name a file, or ":memory:"');
  const name = hideCredentials(location);
  const open = await loadOpenKv();
  try {
    return { database: await open(location), name, reach: reachOf(location), isOwn: true };
  } catch (error) {
    throw asStoreError(error, name);
  }
}

/** Whether changes are told by Deno itself: a watch of `@deno/kv` keeps Node.js from ending, even when it has ended. */
export function tellsChanges(database: DenoKvDatabase): boolean {
  const Kv = denoGlobal()?.Kv;
  return Kv !== undefined && database instanceof Kv;
}

function locationOf(place: string | URL): string {
  if (typeof place === 'string') return place;
  return place.protocol === 'file:' ? fileURLToPath(place) : place.href;
}

function reachOf(location: string): Kv['reach'] {
  if (location === ':memory:') return 'process';
  return /^https?:/i.test(location) ? 'cluster' : 'machine';
}

async function loadOpenKv(): Promise<OpenKv> {
  const deno = denoGlobal();
  if (deno === undefined) return loadPackage();
  const { openKv } = deno;
  if (openKv !== undefined) return openKv;
  throw new StoreError('Deno was started without Deno KV: start it with --unstable-kv', 'missing');
}

/** It is only needed outside of Deno, and only by those who use Deno KV. */
async function loadPackage(): Promise<OpenKv> {
  try {
    const { openKv } = await import('@deno/kv');
    // Values are bytes. What another program has stored is not decoded, and so needs no V8, which Bun has not.
    return (place) => openKv(place, { encodeV8: refuseV8, decodeV8: () => undefined });
  } catch (cause) {
    throw new StoreError('Deno KV needs the package @deno/kv here: install it by "npm install @deno/kv"', 'missing', {
      cause,
    });
  }
}

function refuseV8(): never {
  throw new TypeError('Only bytes are stored');
}

function denoGlobal(): DenoGlobal | undefined {
  const { Deno } = globalThis as { readonly Deno?: DenoGlobal };
  return Deno;
}
