import { afterEach, describe, expect, test } from 'vitest';
import { type CouchOptions, couch } from '../../src/couch/couch.ts';
import type { UpdatesEvent } from '../../src/couch/updates.ts';
import { answer, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;

afterEach(() => server.close());

const options: CouchOptions = { retry: { attempts: 1 } };
const page = answer('{"results":[],"last_seq":"0-s"}');

describe('The feed of a server’s databases', () => {
  test('tells of an event source what it tells otherwise, though CouchDB names it differently', async () => {
    const rows = ['created:a', 'updated:b:c', 'deleted:a/b', 'ddoc_updated:a'];
    const events = rows.map(
      (id, n) => `data: ${JSON.stringify({ seq: `${n + 1}-s`, id, changes: [{ rev: '1-a' }] })}\n\n`,
    );
    server = await startScriptedServer(page, answer(events.join(''), 200, { 'content-type': 'text/event-stream' }));
    const told: UpdatesEvent[] = [];
    for await (const event of couch(server.url, options).updates({ feed: 'eventsource', limit: rows.length })) {
      if ('dbName' in event) told.push(event);
    }
    expect(told).toEqual([
      { type: 'created', dbName: 'a', seq: '1-s' },
      { type: 'updated', dbName: 'b:c', seq: '2-s' },
      { type: 'deleted', dbName: 'a/b', seq: '3-s' },
      { type: 'updated', dbName: 'a', seq: '4-s' },
    ]);
  });

  test.each([{ seq: '1-s' }, { seq: '1-s', id: 'x' }, { seq: '1-s', db_name: 7, type: 'updated' }])(
    'is not read from rows such as %j',
    async (row) => {
      server = await startScriptedServer(answer({ results: [row], last_seq: '1-s' }));
      const reading = couch(server.url, options).updates()[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toThrow('A row of _db_updates is not CouchDB');
    },
  );
});
