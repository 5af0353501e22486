import type { Kv } from '../../kv/kv.ts';
import type { Layout } from '../layout.ts';
import type { DocumentStorage } from '../storage.ts';

/** What is verified: a replica from within. */
export interface VerifySubject {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly storage: DocumentStorage;
}
