// PouchDB in a page, into the adapter `indexeddb`.
import PouchDB from 'pouchdb';
import indexeddbAdapter from 'pouchdb-adapter-indexeddb';
import { watch } from '../browser/probe.ts';

PouchDB.plugin(indexeddbAdapter);

function run(url, settings) {
  return watch(async () => {
    const database = new PouchDB('bench', { adapter: 'indexeddb' });
    return {
      async pull() {
        const { errors } = await database.replicate.from(url, settings);
        if (errors.length > 0) throw new Error(`${errors.length} documents were not written: ${errors[0]}`);
      },
      hasDocument: async () => (await database.allDocs({ limit: 1 })).rows.length > 0,
      count: async () => (await database.info()).doc_count,
    };
  });
}

Object.assign(globalThis, { run });
