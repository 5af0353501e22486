import type { Platform } from '../../core/platform.ts';
import type { Kv } from '../../kv/kv.ts';
import { decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import type { Lifetime } from '../lifetime.ts';
import type { DocumentStorage } from '../storage.ts';

/** What following a replica needs of it. */
export interface Followed {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly storage: DocumentStorage;
  readonly lifetime: Lifetime;
  readonly platform: Pick<Platform, 'sleep' | 'elapsed'>;
}

/**
 * How many changes of documents a replica has seen.
 *
 * @throws StoreError (`missing`) when the replica has been destroyed
 */
export async function readSeq({ kv, layout }: Pick<Followed, 'kv' | 'layout'>): Promise<number> {
  const [entry] = await kv.read([layout.counter]);
  return decodeCounter(entry, layout.name).seq;
}
