// RxDB in a page, into its storage on Dexie. It takes winners, and no history.
import { createRxDatabase } from 'rxdb';
import { replicateCouchDB } from 'rxdb/plugins/replication-couchdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { watch } from '../browser/probe.ts';
import { schema } from './rxdb-schema.js';

function run(url, settings) {
  return watch(async () => {
    const database = await createRxDatabase({ name: 'bench', storage: getRxStorageDexie() });
    const { documents } = await database.addCollections({ documents: { schema } });
    return {
      async pull() {
        const replication = replicateCouchDB({
          replicationIdentifier: 'bench',
          collection: documents,
          url: `${url}/`,
          fetch: (address, init) => globalThis.fetch(address, init),
          live: false,
          pull: settings,
        });
        // It would try again for ever.
        const failed = new Promise((_, reject) => replication.error$.subscribe(reject));
        await Promise.race([replication.awaitInitialReplication(), failed]);
      },
      hasDocument: async () => (await documents.findOne().exec()) !== null,
      count: () => documents.count().exec(),
    };
  });
}

Object.assign(globalThis, { run });
