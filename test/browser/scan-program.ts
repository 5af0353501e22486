/**
 * Scans, in a page or in a worker of it. Tests call what a page has in `scans`; a worker is sent the same as messages, and is the same
 * program.
 *
 * @module
 */
import { indexedDbKv } from '../../adapters/indexeddb/index.ts';
import {
  conflicts,
  couch,
  ddocFeatures,
  find,
  findings$,
  openReplica,
  pull,
  type ScanEvent,
  scan,
} from '../../src/index.ts';
import { textPatterns } from '../bench/patterns.ts';
import { listed } from '../faults/scan-findings.ts';
import { scanPlugins } from '../faults/scan-plugins.ts';
import { traced } from '../faults/scan-trace.ts';

let shown = 0;

/** What can be done in a page and in a worker. Findings are told as texts, in order. */
const work = {
  /** What is found in all databases of a server. */
  overHttp: async (url: string): Promise<string[]> => findingsOf(scan(couch(url), scanPlugins())),
  /** What is found in a database, after it was pulled into the site's own. */
  overReplica: async (url: string, name: string): Promise<string[]> => {
    const replica = await openReplica(await indexedDbKv(`replica of ${name}`), name);
    await pull(couch.db(`${url}/${name}`), replica).done;
    return findingsOf(scan(replica, scanPlugins()));
  },
  /** Scans all databases of a server to the end, from where the store of this site is at. Gives what that has then. */
  kept: async (url: string, batchSize: number): Promise<string[]> => {
    const store = await indexedDbKv('findings');
    const plugins = scanPlugins().map((plugin) => traced(plugin, (line) => remember(JSON.stringify(line))));
    await findingsOf(scan(couch(url), plugins, { store, batchSize }));
    return listed(findings$(store));
  },
  /** How many findings there are, with twenty patterns that are given as texts or without. */
  patterns: async (url: string, areLookedFor: boolean): Promise<number> => {
    const plugins = [conflicts(), ddocFeatures(), ...(areLookedFor ? [find(textPatterns())] : [])];
    return (await findingsOf(scan(couch(url), plugins))).length;
  },
};

type Work = typeof work;

/** What tests call in a page. */
const scans = {
  ...work,
  /** Has something done in a worker, which lives as long as the page. */
  inWorker: <K extends keyof Work>(what: K, ...given: Parameters<Work[K]>): Promise<Awaited<ReturnType<Work[K]>>> => {
    const worker = new Worker('./scan.js', { type: 'module' });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({
        data,
      }: MessageEvent<{ shown?: number; result?: Awaited<ReturnType<Work[K]>>; error?: string }>) => {
        if (data.shown !== undefined) shown = data.shown;
        else if (data.result !== undefined) resolve(data.result);
        else reject(new Error(data.error));
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ what, given });
    });
  },
  /** How often plugins were shown something by `kept`, since the page was loaded. */
  shown: () => shown,
  /** What plugins have put on record, before the page was loaded again too. Workers cannot. */
  trace: () =>
    Array.from({ length: localStorage.length }, (_, index) => `${localStorage.getItem(String(index))}\n`).join(''),
  /** The longest time between two pictures while something is done, in milliseconds. */
  longestGap: async (until: Promise<unknown>): Promise<number> => {
    let [isOver, longest, last] = [false, 0, performance.now()];
    const stop = (): void => {
      isOver = true;
    };
    until.then(stop, stop);
    while (!isOver) {
      const now = await new Promise<number>((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  },
};

/** What tests call in a page. */
export type Scans = typeof scans;

if ('document' in globalThis) Object.assign(globalThis, { scans });
else serve();

function serve(): void {
  addEventListener('message', ({ data }: MessageEvent<{ what: keyof Work; given: [string, never] }>) => {
    work[data.what](...data.given).then(
      (result) => postMessage({ result }),
      (error: unknown) => postMessage({ error: String(error) }),
    );
  });
}

async function findingsOf(events: AsyncIterable<ScanEvent>): Promise<string[]> {
  const found: string[] = [];
  for await (const event of events) {
    if (event.type === 'failure') throw new Error(event.message);
    if (event.type !== 'finding') continue;
    found.push(JSON.stringify(event));
  }
  return found.sort();
}

/** At once, and so that it is there when the page is loaded again; a worker has nothing of that kind. */
function remember(line: string): void {
  shown += 1;
  if ('localStorage' in globalThis) localStorage.setItem(String(localStorage.length), line);
  else postMessage({ shown });
}
