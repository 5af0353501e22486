/**
 * A tab that pulls a database into the site's own, as a program for a page. Tests call what it puts into `tab`.
 *
 * @module
 */
import { indexedDbKv } from '../../adapters/indexeddb/index.ts';
import { pullInWorker } from '../../adapters/worker/index.ts';
import {
  couch,
  isCouchError,
  openReplica,
  type Pull,
  type PullResult,
  type PullStatus,
  pull,
} from '../../src/index.ts';

const kv = await indexedDbKv('tabs');
const replica = await openReplica(kv, 'tabs');
let running: Pull | undefined;

const tab = {
  start(url: string): void {
    running = pull(couch.db(url), replica, { mode: 'continuous' });
  },
  startInWorker(url: string): void {
    const worker = new Worker('./worker.js', { type: 'module' });
    running = pullInWorker(worker, url, { store: 'tabs', mode: 'continuous' });
  },
  status: (): PullStatus | undefined => running?.status(),
  pause: (): void => running?.pause(),
  resume: (): void => running?.resume(),
  inSync: async (): Promise<void> => running?.inSync(),
  stop: async (): Promise<PullResult | undefined> => {
    await running?.stop();
    return running?.done;
  },
  /** Why the pull has failed. */
  failure: async (): Promise<string> => {
    const error = await running?.done.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return isCouchError(error) ? `${error.name} ${error.status}` : String(error);
  },
  documents: async (): Promise<number> => (await replica.info()).docCount,
};

/** What tests call in a page. */
export type Tab = typeof tab;

Object.assign(globalThis, { tab });
