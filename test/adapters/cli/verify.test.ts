import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { VerifyProgressLine, verifyProgress } from '../../../adapters/cli/verify-progress.ts';
import { fsKv } from '../../../adapters/fs/index.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import { openReplica } from '../../../src/replica/replica.ts';
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
  server.faults.clear();
  await source.destroy();
  await rm(directory, { recursive: true });
});

async function uuidOf(kv: Kv): Promise<string> {
  return (await (await openReplica(kv, 'recipes')).info()).uuid;
}

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
  for await (const { key } of list(kv, { prefix: ['replica', await uuidOf(kv), 'body'] })) {
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

test('Ids and keys are quoted, and steer no terminal', async () => {
  const id = 'a\u001b[2J\u009b\u202e\n"b"';
  await source.replicate([{ _id: id, _rev: '1-a' }]);
  await runCli(['pull', source.url, directory]);
  const kv = await fsKv(directory);
  const uuid = await uuidOf(kv);
  await kv.update([], () => ({
    set: [
      [['replica', uuid, 'checkpoint', id], new Uint8Array()],
      [['replica', uuid, 'extra', id], new Uint8Array()],
    ],
    result: undefined,
  }));
  await kv.close();
  const { code, stdout } = await runCli(['verify', directory]);
  expect(code).toBe(1);
  const quoted = String.raw`a\u001b[2J\u009b\u202e\n\"b\"`;
  expect(stdout.split('\n').slice(0, 2)).toEqual([
    `checkpoint "replica/${uuid}/checkpoint/${quoted}": The checkpoint cannot be read`,
    `unknown "replica/${uuid}/extra/${quoted}": A record of the replica is none that couchtide has written`,
  ]);
});

test('A problem of the whole replica is named without a place', async () => {
  const kv = await fsKv(directory);
  const uuid = await uuidOf(kv);
  await kv.update([], () => ({ delete: [['replica', uuid, 'counter']], result: undefined }));
  await kv.close();
  const { code, stdout } = await runCli(['verify', directory]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^counter: The counter of the replica cannot be read\n1 problem: /);
});

test('What a pull could not have is told, and is no problem', async () => {
  const kv = await fsKv(directory);
  const replica = await openReplica(kv, 'recipes');
  await replica.writeBatch({ revisions: [], failures: [{ id: 'lost', rev: '1-a', reason: 'It is\x1b broken' }] });
  await kv.close();
  const { code, stdout } = await runCli(['verify', directory]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^not had yet "lost" "1-a", tried 1 time: It is\\u001b broken\nSound: /);
});

test('A part of a source lacks the rest, unless it is said to be one', async () => {
  const part = await mkdtemp(join(tmpdir(), 'couchtide-verify-'));
  onTestFinished(() => rm(part, { recursive: true }));
  await runCli(['pull', source.url, part, '--doc-id', 'plain', '--doc-id', 'edited']);
  const { code, stdout, stderr } = await runCli(['verify', part, source.url]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^source "revived": The source has a document that is not here; only the source has "3-r"$/m);
  expect(stderr).toBe(
    'Only some documents were pulled from there, it seems; with --partial the others are not missed\n',
  );
  expect(await runCli(['verify', part, source.url, '--partial'])).toMatchObject({ code: 0, stderr: '' });
});

test('A request that is sent again is told', async () => {
  server.faults.add({ path: /_changes/, times: 1, answer: { status: 503, headers: { 'retry-after': '0' } } });
  const { code, stderr } = await runCli(['verify', directory, source.url]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^.*503.*; trying again in \d.* s\n$/);
});

test('An interrupt ends it with 130', async () => {
  const interrupted = { signal: AbortSignal.abort(new Error('Interrupted')) };
  expect(await runCli(['verify', directory, source.url], interrupted)).toMatchObject({ code: 130, stdout: '' });
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

test('Progress is one line of a terminal, no longer than it is wide, and quiet elsewhere', () => {
  const progress = { type: 'progress', part: 'replica', documents: 100, expected: 2000 } as const;
  expect(verifyProgress(progress, 2000)).toBe('The replica: 100 of 2,000 documents · 50/s · about 38 s left');
  expect(verifyProgress({ ...progress, part: 'source', expected: undefined }, 0)).toBe('The source: 100 documents');
  expect(verifyProgress({ ...progress, documents: 2000 }, 1000)).toBe(
    'The replica: 2,000 of 2,000 documents · 2,000/s',
  );
  for (const isTTY of [true, false]) {
    let written = '';
    const line = new VerifyProgressLine({ isTTY, columns: 20, write: (text: string) => (written += text) } as never);
    line.draw(progress);
    line.draw(progress);
    line.clear();
    expect(written).toBe(isTTY ? '\rThe replica: 100 of\x1b[K\r\x1b[K' : '');
  }
});
