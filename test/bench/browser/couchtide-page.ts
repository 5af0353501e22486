/**
 * couchtide in a page: its window pulls, or a worker does.
 *
 * @module
 */
import { indexedDbKv } from '../../../adapters/indexeddb/index.ts';
import { pullInWorker } from '../../../adapters/worker/index.ts';
import { couch, openReplica, pull } from '../../../src/index.ts';
import { type PageRun, watch } from './probe.ts';

/** @param url of the database */
function run(url: string, { isWorker }: { readonly isWorker?: boolean }): Promise<PageRun> {
  return watch(async () => {
    const replica = await openReplica(await indexedDbKv('bench'), 'bench');
    return {
      async pull() {
        if (isWorker) {
          const worker = new Worker('./worker.js', { type: 'module' });
          await pullInWorker(worker, url, { store: 'bench', replica: 'bench' }).done;
        } else await pull(couch.db(url), replica).done;
      },
      async hasDocument() {
        for await (const _ of replica.allDocs({ limit: 1 })) return true;
        return false;
      },
      count: async () => (await replica.info()).docCount,
    };
  });
}

Object.assign(globalThis, { run });
