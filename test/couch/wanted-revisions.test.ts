import { expect, onTestFinished, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { Outstanding } from '../../src/couch/wanted-revisions.ts';
import { answer, startScriptedServer } from '../support/scripted-server.ts';

const row = (id: string): string =>
  `{"id":"${id}","docs":[{"ok":{"_id":"${id}","_rev":"1-a","_revisions":{"start":1,"ids":["a"]}}}]}`;

test('rows beside one that nobody asked for are asked for again', () => {
  const outstanding = new Outstanding([{ id: 'asked', revs: ['1-a'] }]);
  const sound = { id: 'asked', results: [{ id: 'asked', rev: '1-a', missing: true }] } as const;
  expect(() => outstanding.take([sound, { id: 'other', results: [] }])).toThrow('"other"');
  expect(outstanding.wanted()).toEqual([{ id: 'asked', revs: ['1-a'] }]);
  expect(outstanding.take([sound])).toEqual(sound.results);
  expect(outstanding.wanted()).toEqual([]);
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
