/**
 * One measured pull in a process of its own, while others watch the replica: `<audience> <memory | fs> <database url>
 * <directory>`. Prints a {@link LiveMeasurement}.
 *
 * @module
 */
import process from 'node:process';
import { map, type Observable } from 'rxjs';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { idOf } from './live-source.ts';

/** What a pull took, and what was shown meanwhile. */
export interface LiveMeasurement {
  readonly seconds: number;
  /** Processor time of the pull, in seconds: what else the machine does falls on it less. */
  readonly processor: number;
  readonly emissions: number;
  /** From the end of the pull until everybody had been shown what was there then. */
  readonly untilShown: number;
}

/** Some who watch. */
interface Audience {
  readonly count: number;
  /** What the one of a number watches: how many documents he is shown. */
  readonly watch: (replica: Replica, index: number) => Observable<number>;
  /** How many documents he is shown in the end. */
  readonly last: (index: number) => number;
}

const document: Audience = {
  count: 100,
  watch: (replica, index) => replica.doc$(idOf(index * 200)).pipe(map((doc) => (doc === undefined ? 0 : 1))),
  last: () => 1,
};

const list: Audience = {
  count: 100,
  watch: (replica, index) =>
    replica.docs$({ startKey: idOf(index * 200), limit: 20 }).pipe(map(({ length }) => length)),
  last: () => 20,
};

const part: Audience = {
  count: 100,
  watch(replica, index) {
    const range = { startKey: idOf(index * 200), endKey: idOf(index * 200 + 199) };
    return replica.docs$(range).pipe(map(({ length }) => length));
  },
  last: () => 200,
};

const kindOf = (index: number): Audience => (index % 2 === 0 ? document : index % 10 === 1 ? part : list);

const AUDIENCES: Readonly<Record<string, Audience>> = {
  nobody: { ...document, count: 0 },
  documents: document,
  lists: list,
  mixed: {
    count: 100,
    watch: (replica, index) => kindOf(index).watch(replica, index),
    last: (index) => kindOf(index).last(index),
  },
  everything: {
    count: 100,
    watch: (replica) => replica.docs$().pipe(map(({ length }) => length)),
    last: () => 20_000,
  },
};

const [name = '', store, url = '', directory = ''] = process.argv.slice(2);
const audience = AUDIENCES[name];
if (audience === undefined) throw new Error(`There is no audience ${name}: name one of ${Object.keys(AUDIENCES)}`);
const kv = store === 'fs' ? await fsKv(directory) : memoryKv();
const replica = await openReplica(kv, 'recipes');
let emissions = 0;
const shown = Array.from({ length: audience.count }, (_, index) => {
  return new Promise<void>((resolve, reject) => {
    audience.watch(replica, index).subscribe({
      next(count) {
        emissions += 1;
        if (count === audience.last(index)) resolve();
      },
      error: reject,
    });
  });
});
const before = process.cpuUsage();
const begun = performance.now();
await pull(couch.db(url), replica).done;
const ended = performance.now();
const { user, system } = process.cpuUsage(before);
await Promise.all(shown);
const untilShown = (performance.now() - ended) / 1000;
const measurement: LiveMeasurement = {
  seconds: (ended - begun) / 1000,
  processor: (user + system) / 1e6,
  emissions,
  untilShown,
};
console.log(JSON.stringify(measurement));
await replica.close();
await kv.close();
