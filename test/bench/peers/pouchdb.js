// PouchDB, into the adapter that the setting `adapter` names: `memory` or `leveldb`. The other settings are options of
// `replicate`.
import { join } from 'node:path';
import PouchDB from 'pouchdb';
import memoryAdapter from 'pouchdb-adapter-memory';
import { measure } from '../measure.ts';

await measure(async ({ url, directory, settings: { adapter, ...options } }) => {
  PouchDB.plugin(memoryAdapter);
  const database = new PouchDB(join(directory, 'replica'), { adapter });
  const { errors } = await database.replicate.from(url, options);
  if (errors.length > 0) throw new Error(`${errors.length} documents were not written: ${errors[0]}`);
  return async () => {
    const { doc_count: documents } = await database.info();
    const { results } = await database.changes({ style: 'all_docs' });
    return { documents, leaves: results.reduce((sum, { changes }) => sum + changes.length, 0) };
  };
});
