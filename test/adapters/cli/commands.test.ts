import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fsKv } from '../../../adapters/fs/index.ts';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { encodeJson } from '../../../src/kv/json.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { awkwardDocuments, generations } from '../../support/documents.ts';
import { answer, startScriptedServer } from '../../support/scripted-server.ts';
import { createDatabase, type SourceDatabase } from '../../support/source-database.ts';
import { runCli } from './run-cli.ts';

let server: CouchServer;
let source: SourceDatabase;
let folder: string;
let directory: string;
/** How far the clock of the server is ahead. */
let later = 0;

beforeAll(async () => {
  server = await startServer({
    admins: { admin: 'pa:ss@word' },
    platform: { now: () => Date.now() + later },
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(withCredentials(server.url), 'recipes');
  await source.replicate(generations);
  folder = await mkdtemp(join(tmpdir(), 'couchtide-cli-'));
  directory = join(folder, 'replica');
});
afterEach(async () => {
  await source.destroy();
  await rm(folder, { recursive: true });
});

/** Every file below a folder with its content. */
async function snapshot(path: string): Promise<[string, string][]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file): Promise<[string, string]> => [file, await readFile(file, 'base64')]),
  );
}

function withCredentials(url: string): string {
  return url.replace('://', '://admin:pa%3Ass%40word@');
}

describe('couchtide pull', () => {
  test('brings a database and tells what came', async () => {
    const { code, stdout, stderr } = await runCli(['pull', source.url, directory]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${generations.length} new revisions`);
    expect(stdout).toContain('holds 8 documents and 2 tombstones of "recipes"');
    expect(stdout).not.toContain('pa:ss');
  });

  test('--json ends with one line that says everything in numbers', async () => {
    const { code, lines } = await runCli(['pull', source.url, directory, '--json']);
    expect(code).toBe(0);
    expect(lines.at(-1)).toEqual({
      type: 'done',
      docs_read: generations.length,
      docs_written: generations.length,
      docs_failed: 0,
      attachments: 0,
      requests: 3,
      bytes: expect.any(Number),
      last_seq: expect.any(String),
      ms: expect.any(Number),
    });
    expect(lines.slice(0, -1).map(({ type }) => type)).toEqual(['started', 'batch', 'checkpoint', 'caught-up']);
    const again = await runCli(['pull', source.url, directory, '--json']);
    expect(again.lines).toEqual([
      { type: 'started', since: lines.at(-1)?.['last_seq'], reason: 'resumed' },
      { type: 'caught-up' },
      expect.objectContaining({ type: 'done', docs_read: 0, docs_written: 0, requests: 2 }),
    ]);
  });

  test('takes credentials from the environment', async () => {
    const { code } = await runCli(['pull', `${server.url}/recipes`, directory], {
      environment: { COUCHTIDE_USER: 'admin', COUCHTIDE_PASSWORD: 'pa:ss@word' },
    });
    expect(code).toBe(0);
  });

  test('refuses another source in the same directory, and leaves what is there', async () => {
    await runCli(['pull', source.url, directory]);
    const other = await createDatabase(withCredentials(server.url), 'other');
    const { code, stderr } = await runCli(['pull', other.url, directory]);
    await other.destroy();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^couchtide: The directory ".*" holds a replica of http.*\/recipes; pull http.*\/other into another one\n$/,
    );
    expect((await runCli(['export', directory])).lines).toHaveLength(8);
  });

  test('a mistyped name does not take the directory', async () => {
    expect((await runCli(['pull', `${source.url}s`, directory])).code).toBe(2);
    expect((await runCli(['pull', source.url, directory])).code).toBe(0);
  });

  test('--no-attachments leaves contents out and says how many, and without it they come', async () => {
    const data = Buffer.from('hello').toString('base64');
    await source.replicate([{ _id: 'photo', _rev: '1-a', _attachments: { 'a.bin': { content_type: 'x/y', data } } }]);
    const { stdout } = await runCli(['pull', source.url, directory, '--no-attachments']);
    expect(stdout).toContain('1 attachment not fetched yet');
    const exported = (await runCli(['export', directory])).lines.find(({ _id }) => _id === 'photo');
    expect(exported).toMatchObject({ _attachments: { 'a.bin': { stub: true, length: 5, content_type: 'x/y' } } });
    const out = join(folder, 'files');
    await runCli(['export', directory, '--format', 'files', '--out', out]);
    expect(await readdir(out)).not.toContain('photo.attachments');
    const again = await runCli(['pull', source.url, directory]);
    expect(again.stdout).toContain('0 new revisions and 1 attachment in');
    expect(again.stdout).not.toContain('not fetched');
    expect((await runCli(['verify', directory])).code).toBe(0);
  });

  test('names the attachment that it could not have', async () => {
    const data = Buffer.from('x'.repeat(100_000)).toString('base64');
    await source.replicate([{ _id: 'photo', _rev: '1-a', _attachments: { 'a.bin': { content_type: 'x/y', data } } }]);
    server.faults.add({ path: /a\.bin/, answer: { status: 200, body: 'no picture' } });
    const { code, stdout } = await runCli(['pull', source.url, directory]);
    expect(code).toBe(1);
    expect(stdout).toContain('1 revision or attachment could not be had; the next pull tries again');
    expect(stdout).toContain('"photo" "1-a" "a.bin", tried 1 time: ');
  });

  test('lists what it could not have, with exit code 1, until it could', async () => {
    const poison = server.faults.add({
      path: /_bulk_get/,
      answer: {
        status: 200,
        body: JSON.stringify({ results: [{ id: 'edited', docs: [{ error: 'x', reason: 'a\u001b[2Jb' }] }] }),
      },
    });
    const { code, stdout, stderr } = await runCli(['pull', source.url, directory]);
    expect(code).toBe(1);
    expect(stdout).toContain('"edited" "3-c", tried 1 time: The source could not give it: x, a\\u001b[2Jb');
    expect(stdout + stderr).not.toContain('\u001b');
    const again = await runCli(['pull', source.url, directory, '--json']);
    expect(again).toMatchObject({ code: 1 });
    expect(again.lines.at(-1)).toMatchObject({ type: 'done', docs_failed: expect.any(Number) });
    poison();
    expect(await runCli(['pull', source.url, directory])).toMatchObject({ code: 0 });
  });

  test('--doc-id brings these alone, --history leaves no ancestry', async () => {
    expect(
      (await runCli(['pull', source.url, directory, '--doc-id', 'edited', '--doc-id', 'plain', '--history', 'leaves']))
        .code,
    ).toBe(0);
    const { lines } = await runCli(['export', directory, '--revs']);
    expect(lines.map(({ _id, _revisions }) => [_id, _revisions])).toEqual([
      ['edited', { start: 3, ids: ['c'] }],
      ['plain', { start: 1, ids: ['a'] }],
    ]);
  });

  test('says what it does about another selection, and about a database that was made anew', async () => {
    expect((await runCli(['pull', source.url, directory, '--doc-id', 'edited'])).stderr).toBe('');
    expect((await runCli(['pull', source.url, directory])).stderr).toBe(
      'No pull of this selection has been here before: comparing everything, and fetching only what is missing\n',
    );
    expect((await runCli(['pull', source.url, directory])).stderr).toBe('');
    await source.destroy();
    later += 60_000;
    source = await createDatabase(withCredentials(server.url), 'recipes');
    const { code, stderr } = await runCli(['pull', source.url, directory]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'The database was deleted and made anew since the last pull: reading all of it; what is here stays\n',
    });
  });

  test('--continuous goes on until it is interrupted', async () => {
    const interrupt = new AbortController();
    const running = runCli(['pull', source.url, directory, '--continuous', '--json'], { signal: interrupt.signal });
    const kv = await fsKv(directory);
    const isHere = async (id: string): Promise<boolean> =>
      (await (await openReplica(kv, 'recipes')).get(id)) !== undefined;
    await source.put({ _id: 'later', v: 1 });
    while (!(await isHere('later'))) await new Promise((resolve) => setImmediate(resolve));
    await source.put({ _id: 'latest', v: 1 });
    while (!(await isHere('latest'))) await new Promise((resolve) => setImmediate(resolve));
    await kv.close();
    interrupt.abort(new Error('Interrupted'));
    const { code, lines } = await running;
    expect(code).toBe(130);
    expect(lines.map(({ type }) => type)).toContain('caught-up');
    expect(lines.at(-1)).toMatchObject({ type: 'stopped', docs_failed: 0 });
  });

  test('--selector brings what it matches', async () => {
    expect((await runCli(['pull', source.url, directory, '--selector', '{"v":3}'])).code).toBe(0);
    expect((await runCli(['export', directory])).lines.map(({ _id }) => _id)).toEqual(['edited']);
  });

  test('an interrupt ends it with 130, and the next one goes on', async () => {
    const { code } = await runCli(['pull', source.url, directory], {
      signal: AbortSignal.abort(new Error('Interrupted')),
    });
    expect(code).toBe(130);
    expect((await runCli(['pull', source.url, directory])).code).toBe(0);
  });

  test.each([
    [
      'a wrong password',
      () => source.url.replace('word@', 'wrong@'),
      /401.*Name or password is incorrect.*COUCHTIDE_USER/,
    ],
    ['a missing database', () => `${source.url}-gone`, /404 not_found: Database does not exist; check the name/],
    ['nobody listening', () => 'http://127.0.0.1:9/x', /found nobody who answers.*check the address/],
    ['a malformed url', () => 'recipes', /Not a url: "recipes"/],
    ['a url without a database', () => withCredentials(server.url), /names no database/],
    ['a url of another kind', () => 'ftp://admin:pa:ss@h/x', /must begin with http/],
  ])('says of %s in one sentence what is wrong', async (_what, url, sentence) => {
    const { code, stdout, stderr } = await runCli(['pull', url(), directory]);
    expect([code, stdout]).toEqual([2, '']);
    const last = stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/^couchtide: [A-Z]/);
    expect(last).toMatch(sentence);
    expect(stderr).not.toMatch(/pa:ss|pa%3Ass|^\s+at /m);
  });

  test.each([
    ['a file in place of the directory', async () => writeFile(directory, 'mine'), /foreign|directory|file/i],
    [
      'a foreign file in place of the store',
      async () => {
        await mkdir(directory);
        await writeFile(
          join(directory, 'couchtide.sqlite'),
          'something else entirely, and more than a header of it'.repeat(20),
        );
      },
      /couchtide\.sqlite/,
    ],
    [
      'a replica of a newer couchtide',
      async () => {
        const kv = await fsKv(directory);
        await kv.update([], () => ({
          set: [[['replicas', 'recipes'], encodeJson({ format: 99 })]],
          result: undefined,
        }));
        await kv.close();
      },
      /newer couchtide/,
    ],
  ])('says of %s what is wrong, and leaves it as it is', async (_what, prepare, sentence) => {
    await prepare();
    const before = await snapshot(folder);
    const { code, stdout, stderr } = await runCli(['pull', source.url, directory]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^couchtide: [A-Z].*\n$/);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('pa:ss');
    expect(await snapshot(folder)).toEqual(before);
  });

  test('reports what is wrong as a line of JSON too', async () => {
    const { code, lines } = await runCli(['pull', `${source.url}-gone`, directory, '--json']);
    expect(code).toBe(2);
    expect(lines).toEqual([
      { type: 'source-deleted' },
      {
        type: 'error',
        name: 'CouchError',
        status: 404,
        message: expect.stringMatching(/Database does not exist; check/),
      },
    ]);
  });

  test('what is no CouchDB is named as that', async () => {
    const proxy = await startScriptedServer(answer('<html>Welcome</html>', 200, { 'content-type': 'text/html' }));
    const { code, stderr } = await runCli(['pull', `${proxy.url}/recipes`, directory]);
    await proxy.close();
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/is not JSON: "<html>Welcome<\/html>"$/);
  });
});

describe('couchtide without a command', () => {
  test.each([[[]], [['jobs']]])('shows what commands there are: %j', async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: couchtide.*\n/);
    expect(stderr).toContain('Commands:');
    expect(stderr).not.toContain('outputHelp');
  });

  test('shows the same as an answer to who asks', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('pull [options] <database-url> <directory>');
  });
});

describe('couchtide export', () => {
  beforeEach(async () => {
    expect((await runCli(['pull', source.url, directory])).code).toBe(0);
  });

  test('writes the winners, tombstones left out, in the order of ids', async () => {
    const { code, lines } = await runCli(['export', directory]);
    expect(code).toBe(0);
    expect(lines.map(({ _id }) => _id)).toEqual(
      ['_design/app', 'born-twice', 'conflicted', 'edited', 'plain', 'resolved', 'revived', 'stemmed'].sort(),
    );
    expect(lines.find(({ _id }) => _id === 'edited')).toEqual({ _id: 'edited', _rev: '3-c', v: 3 });
  });

  test('--conflicts adds every other leaf and the tombstones, the winner first', async () => {
    const { lines } = await runCli(['export', directory, '--conflicts']);
    expect(lines).toHaveLength(generations.length);
    expect(lines.filter(({ _id }) => _id === 'conflicted').map(({ _rev }) => _rev)).toEqual(['2-z', '2-y']);
    expect(lines.filter(({ _id }) => _id === 'resolved').map(({ _rev }) => _rev)).toEqual(['2-k', '3-t']);
    expect(lines.find(({ _id }) => _id === 'deleted')).toEqual({
      _id: 'deleted',
      _rev: '2-d',
      why: 'spoiled',
      _deleted: true,
    });
  });

  test('--revs shows the ancestry', async () => {
    const { lines } = await runCli(['export', directory, '--revs']);
    expect(lines.find(({ _id }) => _id === 'edited')).toEqual({
      _id: 'edited',
      _rev: '3-c',
      v: 3,
      _revisions: { start: 3, ids: ['c', 'b', 'a'] },
    });
  });

  test('--out writes a file', async () => {
    const out = join(folder, 'out.ndjson');
    expect(await runCli(['export', directory, '--out', out])).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(out, 'utf8')).toBe((await runCli(['export', directory])).stdout);
  });

  test('--format files writes each document into a file of its own, inside the folder', async () => {
    await source.replicate(awkwardDocuments);
    await runCli(['pull', source.url, directory]);
    const out = join(folder, 'files');
    const { code, stderr } = await runCli(['export', directory, '--format', 'files', '--out', out, '--conflicts']);
    expect([code, stderr]).toEqual([0, '']);
    const names = await readdir(out);
    expect(names).toHaveLength(generations.length + awkwardDocuments.length);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    expect(await readFile(join(out, 'edited.json'), 'utf8')).toBe(
      '{\n  "_id": "edited",\n  "_rev": "3-c",\n  "v": 3\n}\n',
    );
    expect(names).toContain('conflicted@2-y.json');
    const found = await Promise.all(
      names.map(async (name) => JSON.parse(await readFile(join(out, name), 'utf8')) as { _id: string }),
    );
    expect(new Set(found.map(({ _id }) => _id))).toEqual(
      new Set([...generations, ...awkwardDocuments].map(({ _id }) => _id)),
    );
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['files', 'replica']));
  });

  test('--format files writes attachments beside their documents, those of conflicts too', async () => {
    const leaf = (rev: string, text: string) => ({
      _id: 'Photo',
      _rev: `1-${rev}`,
      _attachments: {
        '../a.txt': { content_type: 'text/plain', data: Buffer.from(text).toString('base64') },
        'b.bin': { content_type: 'x/y', data: Buffer.alloc(300_000, text).toString('base64') },
      },
    });
    await source.replicate([leaf('a', 'of a'), leaf('b', 'of b')]);
    await runCli(['pull', source.url, directory]);
    const out = join(folder, 'files');
    await runCli(['export', directory, '--format', 'files', '--out', out, '--conflicts']);
    for (const [name, text] of [
      ['%50hoto', 'of b'],
      ['%50hoto@1-a', 'of a'],
    ] as const) {
      expect(await readdir(join(out, `${name}.attachments`))).toEqual(['%2e.%2fa.txt', 'b.bin']);
      expect(await readFile(join(out, `${name}.attachments`, '%2e.%2fa.txt'), 'utf8')).toBe(text);
      expect(await readFile(join(out, `${name}.attachments`, 'b.bin'))).toEqual(Buffer.alloc(300_000, text));
    }
  });

  test('writes into no folder that has something in it', async () => {
    const out = join(folder, 'taken');
    await mkdir(out);
    await writeFile(join(out, 'mine.txt'), 'mine');
    const { code, stderr } = await runCli(['export', directory, '--format', 'files', '--out', out]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^couchtide: The folder ".*taken" is not empty; name a new one\n$/);
    expect(await readdir(out)).toEqual(['mine.txt']);
  });

  test('says when there is nothing to export', async () => {
    const { code, stderr } = await runCli(['export', join(folder, 'nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^couchtide: [A-Z].*nowhere.*\n$/);
    expect(await readdir(folder)).not.toContain('nowhere');
  });
});

describe('couchtide', () => {
  test.each([
    [['pull'], "missing required argument 'database-url'"],
    [['pull', 'http://h/x', 'dir', '--nonsense'], "unknown option '--nonsense'"],
    [['nonsense'], "unknown command 'nonsense'"],
    [['export', 'dir', '--format', 'xml'], "argument 'xml' is invalid"],
    [['export', 'dir', '--format', 'files'], 'needs --out'],
    [['pull', 'http://h/x', 'dir', '--selector', '[1]'], 'must be a JSON object'],
    [['pull', 'http://h/x', 'dir', '--selector', '{'], 'must be a JSON object'],
    [['status', 'directory'], 'The command status is not part of this version of couchtide yet'],
  ])('refuses %j', async (args, reason) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^couchtide: .*\n$/);
    expect(stderr).toContain(reason);
  });

  test('tells its version and its commands', async () => {
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: '0.0.0-test\n', stderr: '' });
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/pull.*<database-url> <directory>[\s\S]*export/);
  });
});
