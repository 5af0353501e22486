import type { PageRun } from './probe.ts';

/** A program for a page that brings a whole database into the page's own, and how it is set. */
export interface BrowserContestant {
  readonly name: string;
  /** One line for the legend. */
  readonly title: string;
  /** Puts a {@link RunInPage} into the page as `run`. */
  readonly program: string;
  /** Whether it needs the packages of `peers`. */
  readonly isPeer: boolean;
  readonly settings: object;
}

/** What a contestant's program has a page do. */
export type RunInPage = (url: string, settings: object) => Promise<PageRun>;

/** Peers stand here at their documented defaults. */
export const browserContestants: readonly BrowserContestant[] = [
  {
    name: 'couchtide',
    title: 'pull into indexedDbKv() in the window: every leaf with its history',
    program: 'test/bench/browser/couchtide-page.ts',
    isPeer: false,
    settings: {},
  },
  {
    name: 'couchtide-worker',
    title: 'the same in a worker; the window looks for documents',
    program: 'test/bench/browser/couchtide-page.ts',
    isPeer: false,
    settings: { isWorker: true },
  },
  {
    name: 'pouchdb',
    title: 'replicate.from with the indexeddb adapter: every leaf with its history',
    program: 'test/bench/peers/pouchdb-page.js',
    isPeer: true,
    settings: {},
  },
  {
    name: 'rxdb',
    title: 'replicateCouchDB into its storage on Dexie: winners alone, without history',
    program: 'test/bench/peers/rxdb-page.js',
    isPeer: true,
    settings: {},
  },
];

/** The program of the worker that a page may begin. */
export const WORKER = 'test/bench/browser/couchtide-worker.ts';
