import type { Contents } from './data-sets.ts';
import type { Settings } from './task.ts';

/** A program that brings a whole database into an empty target, and how it is set. */
export interface Contestant {
  readonly name: string;
  /** One line for the legend. */
  readonly title: string;
  readonly program: URL;
  readonly settings: Settings;
  /** What it takes of a database: all of it must have arrived. */
  readonly takes: readonly (keyof Contents)[];
}

const EVERYTHING = ['documents', 'leaves'] as const;

const PEERS = new URL('./peers/', import.meta.url);

const floor: Contestant = {
  name: 'floor',
  title:
    'one request for the winners, one for the losers where there are such; each document is parsed, nothing is kept',
  program: new URL('./floor-program.ts', import.meta.url),
  settings: {},
  takes: EVERYTHING,
};

const couchtideMemory: Contestant = {
  name: 'couchtide-memory',
  title: 'pull into memoryKv(): every leaf with its history',
  program: new URL('./couchtide-program.ts', import.meta.url),
  settings: { store: 'memory' },
  takes: EVERYTHING,
};

const couchtideFs: Contestant = {
  ...couchtideMemory,
  name: 'couchtide-fs',
  title: 'pull into fsKv(directory): every leaf with its history',
  settings: { store: 'fs' },
};

const pouchdbMemory: Contestant = {
  name: 'pouchdb-memory',
  title: 'replicate.from with the memory adapter: every leaf with its history',
  program: new URL('pouchdb.js', PEERS),
  settings: { adapter: 'memory' },
  takes: EVERYTHING,
};

const pouchdbLeveldb: Contestant = {
  ...pouchdbMemory,
  name: 'pouchdb-leveldb',
  title: 'replicate.from with the leveldb adapter, on disk: every leaf with its history',
  settings: { adapter: 'leveldb' },
};

const rxdb: Contestant = {
  name: 'rxdb',
  title: 'replicateCouchDB into its storage in memory: winners alone, without history',
  program: new URL('rxdb.js', PEERS),
  settings: {},
  takes: ['documents'],
};

const couchbackup: Contestant = {
  name: 'couchbackup',
  title: 'backup into a file: every leaf with its history',
  program: new URL('couchbackup.js', PEERS),
  settings: {},
  takes: EVERYTHING,
};

/** Peers stand here at their documented defaults, and once more at the settings that were fastest over all data sets. */
export const contestants: readonly Contestant[] = [
  floor,
  couchtideMemory,
  couchtideFs,
  pouchdbMemory,
  atBest(pouchdbMemory, { batch_size: 5000, checkpoint: 'target' }),
  pouchdbLeveldb,
  atBest(pouchdbLeveldb, { batch_size: 5000, checkpoint: 'target' }),
  rxdb,
  atBest(rxdb, { batchSize: 25_000 }),
  couchbackup,
  atBest(couchbackup, { parallelism: 5, bufferSize: 2000 }),
];

/** Whether a contestant needs the packages of `peers`. */
export function isPeer({ program }: Contestant): boolean {
  return program.href.startsWith(PEERS.href);
}

function atBest(contestant: Contestant, better: Contestant['settings']): Contestant {
  const { name, title, settings } = contestant;
  return {
    ...contestant,
    name: `${name}-best`,
    title: `${title}; ${Object.entries(better)
      .map(([option, value]) => `${option} ${value}`)
      .join(', ')}`,
    settings: { ...settings, ...better },
  };
}
