import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { awkwardDocuments, generations, type Revision, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase, withoutCredentials } from '../support/source-database.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

/** Whatever a database may hold. */
const everything: readonly Revision[] = [...smallDocuments(700), ...generations, ...awkwardDocuments];

/** What is done to it afterwards: edited, deleted, brought into conflict, undeleted, and new. */
const changes: readonly Revision[] = [
  { _id: 'edited', _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c', 'b', 'a'] }, v: 4 },
  { _id: 'edited', _rev: '4-e', _revisions: { start: 4, ids: ['e', 'c', 'b', 'a'] }, v: 'other' },
  { _id: 'plain', _rev: '1-z', v: 'a conflict' },
  { _id: 'conflicted', _rev: '3-w', _revisions: { start: 3, ids: ['w', 'z', 'a'] }, _deleted: true },
  { _id: 'deleted', _rev: '3-e', _revisions: { start: 3, ids: ['e', 'd', 'a'] }, v: 'back' },
  ...smallDocuments(50, 'new'),
];

describe.each(integrationServers)('A copy of a database of %s', (name, open) => {
  const ground = prepareGround(open);
  let copy: SourceDatabase;

  beforeEach(async () => {
    copy = await createDatabase(ground.server.url);
  });
  afterEach(() => copy.destroy());

  const pullOnce = () => pull(couch.db(ground.source.url), ground.replica).done;

  test('that is made of a replica alone is the same', async () => {
    const { source, replica } = ground;
    await source.replicate(everything);
    await pullOnce();
    await source.replicate(changes);
    await pullOnce();
    const texts: string[] = [];
    for await (const { text } of replica.texts({ leaves: true, revs: true })) texts.push(text);
    expect(await copy.replicate(texts)).toMatchObject({ status: 201, body: [] });
    await expectFaithful(replica, copy);
  });

  // Of the servers here that speak CouchDB's protocol, those that are one replicate by themselves.
  test.each(name.startsWith('CouchDB') ? ['first', 'and after changes'] : [])(
    'that its own replicator makes is the same, %s',
    async (when) => {
      const { source, replica, server } = ground;
      await source.replicate(everything);
      await replicate(server.url, source, copy);
      await pullOnce();
      if (when !== 'first') {
        await source.replicate(changes);
        await replicate(server.url, source, copy);
        await pullOnce();
      }
      await expectFaithful(replica, copy);
      const replicaOfCopy = await openReplica(memoryKv(), copy.name);
      await pull(couch.db(copy.url), replicaOfCopy).done;
      await expectFaithful(replicaOfCopy, source);
    },
  );
});

/** Has a server replicate one of its databases into another. It reaches itself at the address at which it was reached. */
async function replicate(serverUrl: string, source: SourceDatabase, target: SourceDatabase): Promise<void> {
  const { url, headers } = withoutCredentials(serverUrl);
  const response = await fetch(`${url}/_replicate`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ source: source.url, target: target.url }),
  });
  expect([response.status, await response.json()]).toMatchObject([200, { ok: true }]);
}
