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
  type PullOptions,
  type PullResult,
  type PullState,
  type PullStatus,
  pull,
  type ReplicaInfo,
  type RevisionText,
} from '../../src/index.ts';
import { hearOfDataLoss } from './data-loss.ts';
import { ballast } from './tab-ballast.ts';
import { jobsOf } from './tab-jobs.ts';

const dataLoss = hearOfDataLoss();
const kv = await indexedDbKv('tabs');
const replica = await openReplica(kv, 'tabs');
const states: { readonly state: PullState; readonly at: number }[] = [];
let running: Pull | undefined;

const tab = {
  ...jobsOf(kv),
  ...ballast,
  start(url: string, options: Pick<PullOptions, 'mode' | 'batchSize'> = { mode: 'continuous' }): void {
    follow(pull(couch.db(url), replica, options));
  },
  startInWorker(url: string): void {
    const worker = new Worker('./worker.js', { type: 'module' });
    follow(pullInWorker(worker, url, { store: 'tabs', mode: 'continuous' }));
  },
  status: (): PullStatus | undefined => running?.status(),
  /** The states the pull has been in, and since when, in milliseconds since 1970. */
  states: () => states,
  pause: (): void => running?.pause(),
  resume: (): void => running?.resume(),
  inSync: async (): Promise<void> => running?.inSync(),
  stop: async (): Promise<PullResult | undefined> => {
    await running?.stop();
    return running?.done;
  },
  done: async (): Promise<PullResult | undefined> => running?.done,
  /** Why the pull has failed. */
  failure: async (): Promise<string> => {
    const error = await running?.done.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return isCouchError(error) ? `${error.name} ${error.status}` : String(error);
  },
  dataLoss,
  documents: async (): Promise<number> => (await replica.info()).docCount,
  info: (): Promise<ReplicaInfo> => replica.info(),
  /** Every leaf revision, tombstones among them. */
  leaves: async (): Promise<RevisionText[]> => {
    const leaves: RevisionText[] = [];
    for await (const leaf of replica.texts({ leaves: true, revs: true })) leaves.push(leaf);
    return leaves;
  },
  /** The content of an attachment, in base64. */
  content: async (id: string, name: string, rev: string): Promise<string> => {
    const attachment = await replica.attachment(id, name, { rev });
    return base64(await attachment?.blob());
  },
  /** What is wrong with the replica, in itself and against its source. */
  problems: async (url?: string): Promise<string[]> => {
    const problems: string[] = [];
    for await (const event of replica.verify(url === undefined ? {} : { source: couch.db(url) })) {
      if (event.type === 'problem') problems.push(`${event.message} (${event.kind} ${event.id ?? ''})`);
    }
    return problems;
  },
};

/** What tests call in a page. */
export type Tab = typeof tab;

Object.assign(globalThis, { tab });

function follow(begun: Pull): void {
  running = begun;
  begun.status$.subscribe(({ state }) => {
    if (states.at(-1)?.state !== state) states.push({ state, at: Date.now() });
  });
  // Heard outside of the page without asking it.
  begun.events$.subscribe(({ type }) => console.log(type));
}

function base64(blob = new Blob()): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^.*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
