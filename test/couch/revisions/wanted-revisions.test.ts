import { expect, onTestFinished, test } from 'vitest';
import { couch } from '../../../src/couch/couch.ts';
import { parseRevisionsRow, type RevisionsRow } from '../../../src/couch/revisions/revisions-row.ts';
import { Outstanding } from '../../../src/couch/revisions/wanted-revisions.ts';
import { answer, startScriptedServer } from '../../support/scripted-server.ts';

const row = (id: string): string =>
  `{"id":"${id}","docs":[{"ok":{"_id":"${id}","_rev":"1-a","_revisions":{"start":1,"ids":["a"]}}}]}`;

test('rows beside one that nobody asked for are asked for again', () => {
  const outstanding = new Outstanding([{ id: 'asked', revs: ['1-a'] }]);
  const sound = parseRevisionsRow(row('asked'));
  expect(() => outstanding.take([sound, { id: 'other', results: [] }])).toThrow('"other"');
  expect(outstanding.wanted()).toEqual([{ id: 'asked', revs: ['1-a'] }]);
  expect(outstanding.take([sound])).toEqual(sound.results);
  expect(outstanding.wanted()).toEqual([]);
});

test('a revision that is said to be missing is asked for as long as it is wanted, and what was said of it comes at the end', () => {
  const outstanding = new Outstanding([{ id: 'a', revs: ['1-a', '2-b', '3-c', '4-d'] }]);
  const said = (...results: object[]): RevisionsRow => ({ id: 'a', results: results as RevisionsRow['results'] });
  expect(outstanding.take([said({ id: 'a', rev: '1-a', missing: true })])).toEqual([]);
  expect(
    outstanding.take([
      said(
        { id: 'a', rev: '2-b', error: { error: 'timeout', reason: 'r' } },
        { id: 'a', rev: undefined, error: { error: 'e', reason: 'of the document' } },
        { id: 'a', rev: '9-z', error: { error: 'e', reason: 'of another' } },
      ),
    ]),
  ).toEqual([]);
  expect(outstanding.entries()).toHaveLength(4);
  const revisions = said({ id: 'a', rev: '3-c', text: '{}' }, { id: 'a', rev: '7-q', text: 'of nobody' });
  expect(outstanding.take([revisions]).map(({ rev }) => rev)).toEqual(['3-c']);
  expect(outstanding.isLacking).toBe(true);
  expect(outstanding.rest()).toEqual([
    { id: 'a', rev: '1-a', missing: true },
    { id: 'a', rev: '2-b', error: { error: 'timeout', reason: 'r' } },
    { id: 'a', rev: '4-d', error: { error: 'e', reason: 'of the document' } },
  ]);
});

test('leaves are asked for by the id of their document, and what does not come by name', async () => {
  const leaf = (rev: string) => `{"ok":{"_id":"a","_rev":"1-${rev}","_revisions":{"start":1,"ids":["${rev}"]}}}`;
  const server = await startScriptedServer(
    answer(`{"results":[{"id":"a","docs":[${leaf('one')},${leaf('new')}]}]}`),
    answer(`{"results":[{"id":"a","docs":[${leaf('two')}]},{"id":"b","docs":[{"error":{"error":"not_found"}}]}]}`),
  );
  onTestFinished(() => server.close());
  const wanted = [
    { id: 'a', revs: ['1-one', '1-two'], areLeaves: true },
    { id: 'b', revs: ['1-b', '1-c'], areLeaves: true },
  ];
  const results: unknown[] = [];
  for await (const { id, rev, ...result } of couch.db(`${server.url}/source`).revisions(wanted))
    results.push([id, rev, 'text' in result]);
  expect(results).toEqual([
    ['a', '1-one', true],
    ['a', '1-new', true],
    ['a', '1-two', true],
    ['b', '1-b', false],
    ['b', '1-c', false],
  ]);
  expect(server.requests.map(({ body }) => JSON.parse(body))).toEqual([
    { docs: [{ id: 'a' }, { id: 'b' }] },
    {
      docs: [
        { id: 'a', rev: '1-two' },
        { id: 'b', rev: '1-b' },
        { id: 'b', rev: '1-c' },
      ],
    },
  ]);
});

test('leaves that a server leaves out are none that it may learn of', () => {
  const outstanding = new Outstanding([{ id: 'a' }, { id: 'b', revs: ['1-a'] }]);
  outstanding.take([parseRevisionsRow(row('b'))]);
  expect(outstanding.isLacking).toBe(false);
  expect(outstanding.rest()).toEqual([{ id: 'a', rev: undefined, missing: true }]);
});

test('revisions that arrive in one piece with a broken row are asked for again, and none is lost', async () => {
  const server = await startScriptedServer(
    answer(`{"results":[${row('first')},{"id":broken},${row('third')}]}`),
    answer(`{"results":[${row('first')},${row('second')},${row('third')}]}`),
  );
  onTestFinished(() => server.close());
  const source = couch.db(`${server.url}/source`, { retry: { base: 0 } });
  const wanted = ['first', 'second', 'third'].map((id) => ({ id, revs: ['1-a'] }));
  const got: string[] = [];
  for await (const { id } of source.revisions(wanted)) got.push(id);
  expect(got).toEqual(['first', 'second', 'third']);
});
