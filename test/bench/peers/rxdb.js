// RxDB, into its storage in memory. The settings are options of `pull`. It takes winners, and no history.
import { createRxDatabase } from 'rxdb';
import { getFetchWithCouchDBAuthorization, replicateCouchDB } from 'rxdb/plugins/replication-couchdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { measure } from '../measure.ts';
import { schema } from './rxdb-schema.js';

await measure(async ({ url, settings }) => {
  const database = await createRxDatabase({ name: 'replica', storage: getRxStorageMemory() });
  const { documents } = await database.addCollections({ documents: { schema } });
  const { address, fetch } = sourceOf(url);
  const replication = replicateCouchDB({
    replicationIdentifier: 'bench',
    collection: documents,
    url: address,
    fetch,
    live: false,
    pull: settings,
  });
  // It would try again for ever.
  const failed = new Promise((_, reject) => replication.error$.subscribe(reject));
  await Promise.race([replication.awaitInitialReplication(), failed]);
  return async () => ({ documents: await documents.count().exec() });
});

/** The url as its replication wants it, and credentials as its documentation gives them. */
function sourceOf(url) {
  const { username, password, origin, pathname } = new URL(url);
  const address = `${origin}${pathname}/`;
  if (username === '') return { address, fetch: globalThis.fetch };
  const credentials = [username, password].map(decodeURIComponent);
  return { address, fetch: getFetchWithCouchDBAuthorization(...credentials) };
}
