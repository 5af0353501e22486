import { expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { dataSet } from './data-sets.ts';
import { meetServer, provideDatabase } from './source.ts';

async function start(): Promise<CouchServer> {
  const server = await startServer();
  onTestFinished(() => server.close());
  return server;
}

test('provideDatabase loads a set once, and again only where it was cut off', async () => {
  const server = await start();
  const bench = await meetServer(`${server.url}/`);
  const provide = () => provideDatabase(bench, 'c', dataSet('c'), 10);
  const path = await provide();
  expect(path).toBe('/couchtide-bench-c-10');
  const written = () => server.requests.count('POST', `${path}/_bulk_docs`);
  expect(written()).toBe(1);
  const changes = await fetch(`${server.url}${path}/_changes?style=all_docs`);
  const { results } = (await changes.json()) as { results: { changes: object[] }[] };
  expect(results.map((row) => row.changes.length)).toEqual(Array.from({ length: 10 }, () => 3));

  await provide();
  expect(written()).toBe(1);

  // Without its marker a database may hold anything.
  const { _rev } = (await (await fetch(`${server.url}${path}/_local/couchtide-bench`)).json()) as { _rev: string };
  await fetch(`${server.url}${path}/_local/couchtide-bench?rev=${_rev}`, { method: 'DELETE' });
  await fetch(`${server.url}${path}/stray`, {
    method: 'PUT',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  await provide();
  expect(written()).toBe(2);
  expect((await fetch(`${server.url}${path}/stray`)).status).toBe(404);
});

test('provideDatabase keeps the whole set apart from parts of it', async () => {
  const bench = await meetServer((await start()).url);
  const set = { ...dataSet('a'), count: 5 };
  expect(await provideDatabase(bench, 'a', set, 5)).toBe('/couchtide-bench-a');
  expect(await provideDatabase(bench, 'a', set, 4)).toBe('/couchtide-bench-a-4');
});

test('meetServer refuses what it cannot measure, without credentials in what it says', async () => {
  const server = await start();
  server.createDatabase('recipes');
  const withCredentials = `${server.url.replace('//', '//someone:secret@')}/recipes`;
  const refusal = expect.objectContaining({ message: expect.not.stringContaining('secret') });
  await expect(meetServer(withCredentials)).rejects.toEqual(refusal);
  await expect(meetServer(`${server.url}/recipes`)).rejects.toThrow('is no CouchDB server');
  await expect(meetServer('http://someone:secret@127.0.0.1:1')).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1 cannot be reached/,
  );
  await expect(meetServer('https://someone:secret@127.0.0.1:1')).rejects.toThrow(/^(?!.*secret).*must speak http$/);
});
