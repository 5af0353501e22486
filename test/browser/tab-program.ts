/**
 * A tab that pulls a database into the site's own, as a program for a page. Tests call what it puts into `tab`.
 *
 * @module
 */
import { indexedDbKv } from '../../adapters/indexeddb/index.ts';
import { couch, openReplica, type Pull, type PullStatus, pull } from '../../src/index.ts';

const kv = await indexedDbKv('tabs');
const replica = await openReplica(kv, 'tabs');
let running: Pull | undefined;

const tab = {
  start(url: string): void {
    running = pull(couch.db(url), replica, { mode: 'continuous' });
  },
  status: (): PullStatus | undefined => running?.status(),
  pause: (): void => running?.pause(),
  resume: (): void => running?.resume(),
  documents: async (): Promise<number> => (await replica.info()).docCount,
};

/** What tests call in a page. */
export type Tab = typeof tab;

Object.assign(globalThis, { tab });
