import type { Finding } from '../events.ts';

/** Where in a database something stands. */
export type Phase = 'db' | 'ddoc' | 'doc';

/** Something that was looked at, with all that was found in it. */
export interface Scanned {
  readonly db: string;
  readonly phase: Phase;
  readonly id: string;
  /** By what they are known by: see `identityOf`. */
  readonly findings: Map<string, Finding>;
}
