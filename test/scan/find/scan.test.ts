import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { ScanEvent } from '../../../src/scan/events.ts';
import { find } from '../../../src/scan/find/find.ts';
import type { ScanPlugin } from '../../../src/scan/plugin.ts';
import { scan } from '../../../src/scan/scan.ts';
import { createDatabase } from '../../support/source-database.ts';
import { startFixture } from '../fixture.ts';

const SECRET = 'hunter2hunter2';

async function findingsOf(server: CouchServer, plugin: ScanPlugin): Promise<ScanEvent[]> {
  const events: ScanEvent[] = [];
  for await (const event of scan(couch(server.url), [plugin])) events.push(event);
  expect(events.filter(({ type }) => type === 'failure')).toEqual([]);
  return events.filter(({ type }) => type === 'finding');
}

describe('a scan with find', () => {
  let server: CouchServer;
  beforeAll(async () => {
    server = await startServer();
    const source = await createDatabase(server.url, 'kitchen');
    const hashes = { a: 'a'.repeat(32), b: 'b'.repeat(32), c: 'c'.repeat(32) };
    await source.replicate([
      `{"_id":"numbers","_rev":"1-${hashes.a}","n":12345678901234567890,"l":[1.5,"\\u0007"]}`,
      { _id: 'won', _rev: `2-${hashes.b}`, _revisions: { start: 2, ids: [hashes.b, hashes.a] }, v: 'clean' },
      { _id: 'won', _rev: `2-${hashes.a}`, _revisions: { start: 2, ids: [hashes.a, hashes.a] }, a: { b: SECRET } },
      {
        _id: 'won',
        _rev: `2-${hashes.c}`,
        _revisions: { start: 2, ids: [hashes.c, hashes.a] },
        _deleted: true,
        v: SECRET,
      },
      {
        _id: 'file',
        _rev: `1-${hashes.a}`,
        _attachments: { 'id_rsa/1': { content_type: 'text/plain', data: 'eA==' } },
      },
    ]);
  });
  afterAll(() => server.close());

  test('tells findings as lines of JSON tell them', async () => {
    const plugin = find(
      { secret: SECRET, digits: '^12345678901234567890$', bell: '\\x07', key: /^id_rsa/ },
      { losers: true, numbers: true, attachments: true },
    );
    const findings = await findingsOf(server, plugin);
    const about = { type: 'finding', plugin: 'find', db: 'kitchen' };
    const first = `1-${'a'.repeat(32)}`;
    const expected = [
      { ...about, id: 'file', rev: first, tag: 'key', where: '/_attachments/id_rsa~11', at: 'key' },
      { ...about, id: 'numbers', rev: first, tag: 'bell', where: '/l/1' },
      { ...about, id: 'numbers', rev: first, tag: 'digits', where: '/n' },
      { ...about, id: 'won', rev: `2-${'a'.repeat(32)}`, tag: 'secret', where: '/a/b' },
    ];
    expect(findings).toHaveLength(expected.length);
    expect(findings).toEqual(expect.arrayContaining(expected));
  });

  test('ends at once where a pattern cannot be used, and says which', async () => {
    server.requests.reset();
    const events: ScanEvent[] = [];
    for await (const event of scan(couch(server.url), [find({ bad: '([' })])) events.push(event);
    expect(events[0]).toMatchObject({ type: 'failure', plugin: 'find', callback: 'start', fatal: true });
    expect(events[0]).toHaveProperty('message', expect.stringContaining('the rule "bad" cannot be used'));
    expect(server.requests.all.filter(({ path }) => path.includes('_changes'))).toEqual([]);
  });
});

test('a scan with find reports three places in three databases (keys, and a text in a design document)', async () => {
  const server = await startFixture();
  try {
    const findings = await findingsOf(server, find({ foo: 'foo(1|4)', baz: 'baz' }));
    expect(findings.map((event) => (event.type === 'finding' ? [event.id, event['tag'], event['at']] : []))).toEqual(
      expect.arrayContaining([
        ['doc1', 'foo', 'key'],
        ['_design/doc2', 'baz', undefined],
        ['_design/doc4', 'foo', 'key'],
      ]),
    );
    expect(findings).toHaveLength(3);
  } finally {
    await server.close();
  }
});
