import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { list } from '../../../src/kv/list.ts';
import { generations } from '../../support/documents.ts';
import { createDatabase, type SourceDatabase } from '../../support/source-database.ts';
import { runCli } from './run-cli.ts';

let server: CouchServer;
let source: SourceDatabase;
let directory: string;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url, 'recipes');
  await source.replicate(generations);
  directory = await mkdtemp(join(tmpdir(), 'couchtide-verify-'));
  expect((await runCli(['pull', source.url, directory])).code).toBe(0);
});
afterEach(async () => {
  await source.destroy();
  await rm(directory, { recursive: true });
});

test('A sound replica is said to be sound, in itself and against its source', async () => {
  const alone = await runCli(['verify', directory]);
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  expect(alone.stdout).toMatch(/^Sound: 10 documents with 13 revisions, \d+ B\n$/);
  const both = await runCli(['verify', directory, source.url]);
  expect(both.code).toBe(0);
  expect(both.stdout).toMatch(
    /Sound: 10 documents[\s\S]*The source has 10 documents; 0 changed after the last pull\n$/,
  );
});

test('What has changed at the source since is counted, and no problem', async () => {
  await source.put({ _id: 'new', v: 1 });
  const { code, lines } = await runCli(['verify', directory, source.url, '--json']);
  expect(code).toBe(0);
  expect(lines.at(-1)).toMatchObject({ type: 'summary', problems: 0, source: { newer: 1 } });
});

test('Each problem is a line, with exit code 1', async () => {
  const kv = await fsKv(directory);
  for await (const { key } of list(kv, { prefix: ['replica', 'recipes', 'body'] })) {
    await kv.update([], () => ({ delete: [key], result: undefined }));
  }
  await kv.close();
  const { code, stdout } = await runCli(['verify', directory]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^body "edited" "3-c": .*$/m);
  expect(stdout).toMatch(/^13 problems: /m);
  const asJson = await runCli(['verify', directory, '--json']);
  expect(asJson.code).toBe(1);
  expect(asJson.lines).toContainEqual(
    expect.objectContaining({ type: 'problem', kind: 'body', id: 'edited', rev: '3-c' }),
  );
});

test('What only the replica has is named', async () => {
  const headers = { 'content-type': 'application/json' };
  const purged = await fetch(`${source.url}/_purge`, { method: 'POST', headers, body: '{"plain":["1-a"]}' });
  expect(purged.status).toBe(201);
  const { code, stdout } = await runCli(['verify', directory, source.url]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^source "plain": .*; only the replica has "1-a"$/m);
});

test('A source that is gone, or was never pulled from, cannot be compared with', async () => {
  const never = await runCli(['verify', directory, `${source.url}2`]);
  expect([never.code, never.stderr]).toEqual([2, expect.stringContaining('name the database that it was pulled from')]);
  await source.destroy();
  const gone = await runCli(['verify', directory, source.url]);
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('404')]);
});

test.each([
  [() => ['verify', join(directory, 'nowhere')], /nowhere/],
  [() => ['verify', directory, 'nonsense'], /Not a url/],
])('What cannot be checked ends in one sentence, with exit code 2', async (args, sentence) => {
  const { code, stderr } = await runCli(args());
  expect(code).toBe(2);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(sentence);
});
