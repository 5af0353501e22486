import { type CouchServer, startServer } from '../../demo/server/index.ts';

/** The names of the databases of the fixture, in their order. */
export const names = ['dbname1', 'dbname2', 'dbname3'] as const;

/**
 * The databases of CouchDB's own scanner suite, two shards each: a document and a design document of every kind in the first, a
 * document and another design document in the second, a conflict in the third.
 */
export async function startFixture(): Promise<CouchServer> {
  const server = await startServer({ q: 2 });
  server.createDatabase('dbname1').bulkDocs([
    { _id: 'doc1', foo1: 'bar' },
    {
      _id: '_design/doc2',
      foo2: 'baz',
      views: {
        v1: { map: 'function(doc) {emit(1,2);}', reduce: 'function(ks, vs, r) { return 1; }' },
        v2: { map: 'function(doc) {emit(3,4);}', reduce: '_count' },
      },
      filters: { f: 'function(doc, req) {return true;}' },
      shows: { s: 'function(doc, req) {return {};}' },
      lists: { l: 'function(head, req) {return 1;}' },
      rewrites: [
        { from: '/x', to: 'y' },
        { from: '/y', to: 'z' },
      ],
      updates: { u: 'function(doc, req) {return [null, ""];}' },
      validate_doc_update: 'function(n, o, u) {return true;}',
    },
  ]);
  server.createDatabase('dbname2').bulkDocs([
    { _id: 'doc3', foo3: 'bar' },
    { _id: '_design/doc4', foo4: 'bar', '': 'empty' },
  ]);
  server.createDatabase('dbname3').bulkDocs(
    [
      { _id: 'doc5', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'z'] } },
      { _id: 'doc5', _rev: '2-y', _revisions: { start: 2, ids: ['y', 'z'] } },
    ],
    { newEdits: false },
  );
  return server;
}
