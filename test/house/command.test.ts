import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { smallDocuments } from '../support/documents.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

const command = fileURLToPath(new URL('../../dist/couchtide.js', import.meta.url));
let server: CouchServer;
let source: SourceDatabase;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  await source.replicate(smallDocuments(5000));
  folder = await mkdtemp(join(tmpdir(), 'couchtide-command-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function start(...args: string[]) {
  return spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('The built command stops at the first interrupt with 130, and goes on from there', async () => {
  const directory = join(folder, 'interrupted');
  const slow = server.faults.add({ path: /_changes/, pause: { ms: 20, per: 'chunk' } });
  const pull = start('pull', source.url, directory, '--json');
  const output = text(pull.stdout);
  const complaints = text(pull.stderr);
  await once(pull.stdout, 'data');
  pull.kill('SIGINT');
  expect(await once(pull, 'exit')).toEqual([130, null]);
  slow();
  expect(await complaints).toBe('');
  expect(JSON.parse((await output).trim().split('\n').at(-1) ?? '')).toMatchObject({ type: 'stopped' });
  const rest = start('pull', source.url, directory);
  const ended = once(rest, 'exit');
  const summary = await text(rest.stdout);
  expect(await ended).toEqual([0, null]);
  expect(summary).toContain('holds 5,000 documents');
});

test('The built command takes it well when its reader has seen enough', async () => {
  const directory = join(folder, 'piped');
  const pull = start('pull', source.url, directory);
  await text(pull.stdout);
  const exported = start('export', directory);
  const complaints = text(exported.stderr);
  const ended = once(exported, 'exit');
  await once(exported.stdout, 'data');
  exported.stdout.destroy();
  expect(await ended).toEqual([0, null]);
  expect(await complaints).toBe('');
});
